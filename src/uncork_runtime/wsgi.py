"""What servers call: the app at its mount, and beside it two endpoints that say whether it lives and is ready."""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Callable, Final, NamedTuple

from uncork_runtime import health, visitors
from uncork_runtime.exchange import known
from uncork_runtime.streams import Streams
from uncork_runtime.uncaught import LOG
from uncork_runtime.watch import Watch

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Look = Callable[[], "tuple[str, ...]"]

LIVE: Final = "/_uncork/live"
READY: Final = "/_uncork/ready"
OWN: Final = frozenset((LIVE, READY))
EVERY: Final = 1.0
"""So many seconds pass at least between two looks at a worker's size and its log."""
PAGE: Final = os.sysconf("SC_PAGESIZE")


class Server(NamedTuple):
    """What a server leaves to the runtime. At the signal `leave` a process answers whom it has, and ends.

    A request may take `limit` seconds, 0 where the server sees to that. `fronted`: only header fields tell who asks.
    `alone`: nothing stands before it but its own router, so that visitors are told nothing that is for a front.
    """

    leave: str = "HUP"
    limit: float = 0.0
    fronted: bool = False
    alone: bool = False


def serve(
    app: WSGIApplication,
    mount: str = "/",
    worker_memory: int = 0,
    log: str = "",
    release: int = 0,
    under: Server = Server(),  # noqa: B008 - a tuple, which nobody changes
) -> WSGIApplication:
    """The WSGI callable for an app that lies at `mount` (`/` or `/shop`): the app answers all but the two endpoints.

    A mount is moved from PATH_INFO to SCRIPT_NAME, so that the app makes right URLs; what lies outside it is 404.
    At `/` the app gets the server's own environ, and the endpoints cost one look-up a request. A worker that has
    grown past `worker_memory` bytes finishes its request and is replaced; 0 sets no bound. Output that goes to `log`
    follows it when it is renamed. Responses tell the front of the `release`, which takes that off again. `under` is
    the server that calls it.
    """
    prefix = mount.rstrip("/").encode().decode("latin-1")  # as PEP 3333 spells what is not ASCII
    _leave_in_order()
    look = partial(health.unready, getattr(app, "app_context", nullcontext))
    answered = known(app, release, told=not under.alone)
    served = _mounted(answered, prefix, look) if prefix else _at_root(answered, look)
    if worker_memory or log:
        served = _looked_after(served, worker_memory, Streams(log), under.leave)
    if under.limit:
        served = Watch(under.limit, under.leave).over(served)
    if under.alone:
        served = visitors.unfronted(served, f"{prefix}/_uncork/")
    return visitors.seen(served) if under.fronted else served


def alone(app: WSGIApplication, context: health.Context) -> WSGIApplication:
    """The WSGI callable for an app that uncork does not serve: the public may ask whether it is ready, but not why."""

    def look() -> tuple[str, ...]:
        reasons = health.unready(context)
        if reasons:
            LOG.warning("not ready: %s", "; ".join(reasons))
        return tuple(reason.partition(":")[0] for reason in reasons)

    return _at_root(known(app), look)


def _leave_in_order() -> None:
    """Have uWSGI, which ends its workers without taking the interpreter apart, end them as programs do."""
    uwsgi = sys.modules.get("uwsgi")
    if uwsgi is not None:
        uwsgi.atexit = leave  # type: ignore[attr-defined]


def leave() -> None:
    """Do what Python does at the end of a program, for servers that end their workers without."""
    # Threads that gevent made greenlets of are not waited for: its loop has ended, and nobody would wake us.
    monkey = sys.modules.get("gevent.monkey")
    if monkey is None or not monkey.is_module_patched("threading"):
        threading._shutdown()  # type: ignore[attr-defined] # noqa: SLF001 - waits for threads that are no daemons
    atexit._run_exitfuncs()  # noqa: SLF001
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not stream.closed:
            stream.flush()


def _looked_after(served: WSGIApplication, most: int, streams: Streams, leave: str) -> WSGIApplication:
    """Look at the process's size and its log now and then: at every request it would cost what it is to save."""
    due = 0.0
    ends_by = signal.Signals[f"SIG{leave}"]
    clock = time.monotonic

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        nonlocal due
        if clock() >= due:
            due = clock() + EVERY
            streams.follow()
            if most and _resident() > most:
                os.kill(os.getpid(), ends_by)
        return served(environ, start_response)

    return application


def _resident() -> int:
    """The bytes of memory that this process has; 0 where there is no /proc."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * PAGE
    except OSError:
        return 0


def _at_root(app: WSGIApplication, look: Look) -> WSGIApplication:
    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") in OWN:
            return _own(environ["PATH_INFO"], start_response, look)
        return app(environ, start_response)

    return application


def _mounted(app: WSGIApplication, prefix: str, look: Look) -> WSGIApplication:
    inside = prefix + "/"

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if not path.startswith(inside) and path != prefix:
            return _answer(start_response, "404 Not Found", b"not found\n")
        rest = path[len(prefix) :]
        if rest in OWN:
            return _own(rest, start_response, look)
        environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + prefix
        environ["PATH_INFO"] = rest
        return app(environ, start_response)

    return application


def _own(path: str, start_response: StartResponse, look: Look) -> Iterable[bytes]:
    if path == LIVE:
        return _answer(start_response, "200 OK", b"alive\n")
    reasons = look()
    if reasons:
        body = "".join(f"{reason}\n" for reason in reasons)
        return _answer(start_response, "503 Service Unavailable", body.encode("utf-8", "replace"))
    return _answer(start_response, "200 OK", b"ready\n")


def _answer(start_response: StartResponse, status: str, body: bytes) -> Iterable[bytes]:
    headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
    ]
    start_response(status, headers)
    return [body]
