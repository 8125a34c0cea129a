"""Who asks: servers behind an HTTP front see the front alone, and it tells of the visitor in header fields."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def seen(app: WSGIApplication) -> WSGIApplication:
    """The app, with the visitor's address and scheme in its environ, as a server of the uwsgi protocol has them.

    Only for a socket that nobody but the front can connect to: it sets X-Real-IP and X-Forwarded-Proto itself,
    whatever a visitor says there.
    """

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["REMOTE_ADDR"] = environ.get("HTTP_X_REAL_IP") or "127.0.0.1"
        if environ.get("HTTP_X_FORWARDED_PROTO") == "https":
            environ["wsgi.url_scheme"] = "https"
            environ["HTTPS"] = "on"
        name, _, port = environ.get("HTTP_HOST", "").partition(":")
        environ["SERVER_NAME"] = name or "localhost"
        environ["SERVER_PORT"] = environ.get("HTTP_X_FORWARDED_PORT") or port or "80"
        return app(environ, start_response)

    return application
