"""Who asks: a front that speaks HTTP tells of the visitor in header fields; where there is none, nobody does."""

from __future__ import annotations

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


def unfronted(app: WSGIApplication, own: str) -> WSGIApplication:
    """The app, with no front before it: what a visitor says of proxies is nobody's word, and `own` is nobody's path.

    Under `own` are the endpoints for uncork, which asks the server itself, past the router.
    """

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if ROUTED in environ:
            if environ.get("PATH_INFO", "").startswith(own):
                return _refused(start_response, "404 Not Found")
            if "HTTP_TRANSFER_ENCODING" in environ:  # the router would leave such a body out, and not say so
                return _refused(start_response, "411 Length Required")
            for name in OF_PROXIES:
                environ.pop(name, None)
        return app(environ, start_response)

    return application


def _refused(start_response: StartResponse, status: str) -> Iterable[bytes]:
    body = f"{status}\n".encode()
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
