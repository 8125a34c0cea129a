"""What servers call: the app at its mount, and beside it two endpoints that say whether it lives and is ready."""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LIVE: Final = "/_uncork/live"
READY: Final = "/_uncork/ready"
OWN: Final = frozenset((LIVE, READY))
EVERY: Final = 100
"""So many requests pass between two looks at a worker's size."""
PAGE: Final = os.sysconf("SC_PAGESIZE")

# Set when this process should get no more traffic: the readiness endpoint then answers 503.
draining = threading.Event()


def serve(app: WSGIApplication, mount: str = "/", worker_memory: int = 0) -> WSGIApplication:
    """The WSGI callable for an app that lies at `mount` (`/` or `/shop`): the app answers all but the two endpoints.

    A mount is moved from PATH_INFO to SCRIPT_NAME, so that the app makes right URLs; what lies outside it is 404.
    At `/` the app gets the server's own environ, and the endpoints cost one look-up a request. A uWSGI worker that has
    grown past `worker_memory` bytes finishes its request and is replaced; 0 sets no bound.
    """
    prefix = mount.rstrip("/").encode().decode("latin-1")  # as PEP 3333 spells what is not ASCII
    _leave_in_order()
    served = _mounted(app, prefix) if prefix else _at_root(app)
    return _bounded(served, worker_memory) if worker_memory else served


def _leave_in_order() -> None:
    """Have uWSGI, which ends its workers without taking the interpreter apart, do what every program's end does."""
    uwsgi = sys.modules.get("uwsgi")
    if uwsgi is not None:
        uwsgi.atexit = _leave  # type: ignore[attr-defined]


def _leave() -> None:
    threading._shutdown()  # type: ignore[attr-defined] # noqa: SLF001 - waits for threads that are no daemons
    atexit._run_exitfuncs()  # noqa: SLF001
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not stream.closed:
            stream.flush()


def _bounded(served: WSGIApplication, most: int) -> WSGIApplication:
    """Look at the process's size now and then: at every request it would cost what it is to save."""
    left = EVERY

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        nonlocal left
        left -= 1
        if left <= 0:
            left = EVERY
            if _resident() > most:
                os.kill(os.getpid(), signal.SIGHUP)  # uWSGI's word for: end after this request
        return served(environ, start_response)

    return application


def _resident() -> int:
    """The bytes of memory that this process has; 0 where there is no /proc."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * PAGE
    except OSError:
        return 0


def _at_root(app: WSGIApplication) -> WSGIApplication:
    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") in OWN:
            return _own(environ["PATH_INFO"], start_response)
        return app(environ, start_response)

    return application


def _mounted(app: WSGIApplication, prefix: str) -> WSGIApplication:
    inside = prefix + "/"

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if not path.startswith(inside) and path != prefix:
            return _answer(start_response, "404 Not Found", b"not found\n")
        rest = path[len(prefix) :]
        if rest in OWN:
            return _own(rest, start_response)
        environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + prefix
        environ["PATH_INFO"] = rest
        return app(environ, start_response)

    return application


def _own(path: str, start_response: StartResponse) -> Iterable[bytes]:
    if path == LIVE:
        return _answer(start_response, "200 OK", b"alive\n")
    if draining.is_set():
        return _answer(start_response, "503 Service Unavailable", b"draining\n")
    return _answer(start_response, "200 OK", b"ready\n")


def _answer(start_response: StartResponse, status: str, body: bytes) -> Iterable[bytes]:
    headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
    start_response(status, headers)
    return [body]
