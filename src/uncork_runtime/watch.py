"""Watches the requests of a process, for servers that don't: which failed, which took long, which never end."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Callable, Final, Optional

from uncork_runtime.exchange import WHOLE

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SLOW: Final = 5.0
"""A request that took so many seconds is told of, failed or not."""
TICK: Final = 0.05
FRAMES: Final = 12


class Answering:
    """A request that is being answered: since when, by which thread, and with what status so far."""

    __slots__ = ("_start", "_told", "begun", "environ", "parts", "status", "thread")

    def __init__(self, environ: WSGIEnvironment, start: StartResponse, told: Callable[[Answering], None]) -> None:
        """Begin; `told` is called when it is over."""
        self.environ = environ
        self._start = start
        self._told = told
        self.begun = time.monotonic()
        self.thread = threading.get_ident()
        self.status = ""
        self.parts: Iterable[bytes] = ()

    def start(
        self, status: str, headers: list[tuple[str, str]], exc_info: Optional[OptExcInfo] = None
    ) -> Callable[[bytes], object]:
        """Begin the response."""
        self.status = status
        return self._start(status, headers) if exc_info is None else self._start(status, headers, exc_info)

    def __iter__(self) -> Iterator[bytes]:
        """The parts of the response."""
        for part in self.parts:
            yield part

    def close(self) -> None:
        """The response has been sent, or given up."""
        try:
            close = getattr(self.parts, "close", None)
            if close is not None:
                close()
        finally:
            self._told(self)

    def line(self, what: str) -> str:
        """What a log says of it, by the id that it has in the front's log; no part of the URL, which may be secret."""
        get = self.environ.get
        moment = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        return f"{moment} - {get('REQUEST_METHOD')} [id={get('HTTP_X_REQUEST_ID')}] {what} by pid {os.getpid()}\n"


class Watch:
    """Ends a process one of whose requests takes longer than `limit` seconds, once all others in it are answered.

    No thread can be ended alone. `leave` is the signal by which the process takes no more requests, and finishes; who
    started it brings another one. What failed with 5xx, or took `SLOW` seconds, is written to standard error.
    """

    def __init__(self, limit: float, leave: str) -> None:
        """Watch nobody yet: a process that is forked has to begin by itself."""
        self._limit = limit
        self._leave = signal.Signals[f"SIG{leave}"]
        self._open: dict[int, Answering] = {}
        self._pid = 0

    def over(self, app: WSGIApplication) -> WSGIApplication:
        """The app, watched."""

        def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            if self._pid != os.getpid():
                self._begin()
            request = Answering(environ, start_response, self._over)
            self._open[id(request)] = request
            try:
                result = app(environ, request.start)
            except BaseException:
                self._over(request)
                raise
            # A file must reach the server as it is, for sendfile(2).
            if isinstance(result, WHOLE) or hasattr(result, "read"):
                self._over(request)
                return result
            request.parts = result
            return request

        return application

    def _over(self, request: Answering) -> None:
        if self._open.pop(id(request), None) is None:
            return
        seconds = time.monotonic() - request.begun
        if request.status[:1] == "5" or seconds >= SLOW:
            _write(request.line(f"answered {request.status[:3]} after {seconds * 1000:.0f} ms"))

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._open.clear()
        threading.Thread(target=self._look, name="uncork-watch", daemon=True).start()

    def _look(self) -> None:
        """Sleep until the first one could be late: none that comes meanwhile can be sooner."""
        while True:
            now = time.monotonic()
            first = min((request.begun for request in tuple(self._open.values())), default=now)
            if first + self._limit <= now:
                self._end()
            time.sleep(max(TICK, first + self._limit - now))

    def _end(self) -> None:
        for request in self._late():
            _write(request.line(f"is given up after {self._limit:g} s, and its worker ended,") + _where(request.thread))
        os.kill(os.getpid(), self._leave)
        while len(self._late()) < len(self._open):
            time.sleep(TICK)
        os._exit(1)

    def _late(self) -> list[Answering]:
        now = time.monotonic()
        return [request for request in tuple(self._open.values()) if request.begun + self._limit <= now]


def _where(thread: int) -> str:
    """Where a thread is; a greenlet, which is none, can't be found."""
    frame = sys._current_frames().get(thread)  # noqa: SLF001 - there is no other way to ask
    return "".join(traceback.format_stack(frame)[-FRAMES:]) if frame else ""


def _write(text: str) -> None:
    """By one write(2), so that lines of several processes don't mix."""
    os.write(2, text.encode("utf-8", "backslashreplace"))
