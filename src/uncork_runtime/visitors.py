"""Who asks: a front that speaks HTTP tells of the visitor in header fields; where there is none, nobody does."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ROUTED: Final = "UWSGI_ROUTER"
"""What uWSGI's router says of each request that it passes on; no header field of a visitor's is called so."""
OF_PROXIES: Final = (
    "HTTP_FORWARDED",
    "HTTP_PROXY",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PREFIX",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_REAL_IP",
)
"""What an app may take for a proxy's word; and HTTP_PROXY, which libraries take for a variable (https://httpoxy.org)."""

PORT: Final = re.compile(r":\d+$")
HOST: Final = re.compile(r"[A-Za-z0-9._:\[\]-]+")


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
        host = environ.get("HTTP_HOST", "")
        name, port = host.rsplit(":", 1) if PORT.search(host) else (host, "")
        environ["SERVER_NAME"] = name or "localhost"
        environ["SERVER_PORT"] = environ.get("HTTP_X_FORWARDED_PORT") or port or "80"
        return app(environ, start_response)

    return application


def unfronted(app: WSGIApplication, own: str) -> WSGIApplication:
    """The app, with no front before it: what a visitor says of proxies is nobody's word, and `own` is nobody's path.

    Under `own` are the endpoints for uncork, which asks the server itself, past the router. Malformed requests that the
    router lets through are refused as far as they can still be told.
    """

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if ROUTED not in environ:
            return app(environ, start_response)
        amiss = _amiss(environ, own)
        if amiss:
            body = f"{amiss}\n".encode()
            start_response(amiss, [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
            return [body]
        for name in OF_PROXIES:
            environ.pop(name, None)
        environ["wsgi.url_scheme"] = "http"  # uWSGI has taken X-Forwarded-Proto for the scheme by then
        return app(environ, start_response)

    return application


def _amiss(environ: WSGIEnvironment, own: str) -> str:
    """The status that a request is refused with; empty if it is none."""
    if environ.get("PATH_INFO", "").startswith(own):
        return "404 Not Found"
    # The router would leave such a body out, and not say so.
    if "HTTP_TRANSFER_ENCODING" in environ:
        return "411 Length Required"
    # One that came twice has a comma in it.
    host, length = environ.get("HTTP_HOST"), environ.get("CONTENT_LENGTH", "")
    nameless = host is None and environ.get("SERVER_PROTOCOL") != "HTTP/1.0"
    if nameless or (host is not None and not HOST.fullmatch(host)) or (length and not length.isdecimal()):
        return "400 Bad Request"
    return ""
