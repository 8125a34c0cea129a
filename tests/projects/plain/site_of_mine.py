"""A WSGI callable with no framework at all."""

import os
from collections.abc import Callable, Iterable


def application(environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
    """Says which release it is, and where it was asked."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    where = f"{environ.get('SCRIPT_NAME', '')}|{environ['PATH_INFO']}"
    return [f"release {os.environ['UNCORK_RELEASE']} plain {where}\n".encode()]
