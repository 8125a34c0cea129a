"""What apps and the front have written: the last lines, and those that come."""

import heapq
import os
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import BinaryIO, Final

from uncork.errors import UserError
from uncork.layout import Layout
from uncork.machine.files import opened
from uncork.workflows.log_query import Query, time_of

POLL: Final = 0.2
BLOCK: Final = 64 * 1024
_LONG_AGO: Final = datetime.min.replace(tzinfo=timezone.utc)


@dataclass(frozen=True)
class Line:
    """A line of a log: of which app, when (None: no line before it says so either), and the text."""

    app: str
    time: datetime | None
    text: str


class Log:
    """A log file that is read on from where one stopped, also when it was renamed or emptied meanwhile."""

    def __init__(self, app: str, path: Path) -> None:
        self.app = app
        self._path = path
        self._file: BinaryIO | None = None
        self._partial = b""
        self._time: datetime | None = None

    def close(self) -> None:
        """Let the file go."""
        if self._file:
            self._file.close()
        self._file, self._partial = None, b""

    def skip(self, count: int) -> None:
        """Go to where the last `count` lines begin, without reading what is before them."""
        if self._open() and self._file:
            self._file.seek(_start_of_last(self._file, count))

    def lines(self) -> Iterator[Line]:
        """Yield the lines that are whole and not read yet: those of the file that was there, then of a new one."""
        while self._open():
            yield from self._rest()
            if not self._moved():
                return
            # What was written between the look at the file and the look at its name.
            yield from self._rest()
            yield from self.last()
            self.close()

    def last(self) -> Iterator[Line]:
        """Yield what is left at the end without a line end."""
        if self._partial:
            yield self._line(self._partial)
            self._partial = b""

    def _open(self) -> bool:
        if not self._file:
            try:
                self._file = opened(self._path)
            except FileNotFoundError:
                return False
            except OSError as error:
                raise UserError(
                    f"can't read {self._path}: {error.strerror}", "run this as who ran `uncork up`"
                ) from error
        return True

    def _rest(self) -> Iterator[Line]:
        if not self._file:
            return
        if os.fstat(self._file.fileno()).st_size < self._file.tell():
            self._file.seek(0)
            self._partial = b""
        while block := self._file.read(BLOCK):
            *whole, self._partial = (self._partial + block).split(b"\n")
            for line in whole:
                yield self._line(line)

    def _moved(self) -> bool:
        """Whether another file is at the path by now; while none is, there may come more in the old one."""
        try:
            return self._file is not None and not os.path.samestat(os.fstat(self._file.fileno()), self._path.stat())
        except FileNotFoundError:
            return False

    def _line(self, raw: bytes) -> Line:
        """A line without a time (a traceback's, a print's) belongs to the one before it."""
        text = raw.decode("utf-8", "replace").rstrip("\r")
        self._time = time_of(text) or self._time
        return Line(self.app, self._time, text)


def read(layout: Layout, apps: Sequence[str], query: Query) -> tuple[Line, ...]:
    """Return the wanted lines that are there; those of several apps in the order of their times."""
    logs = _logs(layout, apps, query)
    try:
        found = [_wanted(log, query, whole=True) for log in logs]
    finally:
        _close(logs)
    return _merged(found, query)


def follow(layout: Layout, apps: Sequence[str], query: Query) -> Iterator[Line]:
    """Yield the wanted lines that are there, then those that come, until the caller stops."""
    logs = _logs(layout, apps, query)
    try:
        yield from _merged([_wanted(log, query, whole=False) for log in logs], query)
        while True:
            for log in logs:
                yield from (line for line in log.lines() if query.wants(line.text, line.time))
            time.sleep(POLL)
    finally:
        _close(logs)


def _logs(layout: Layout, apps: Sequence[str], query: Query) -> list[Log]:
    paths = [layout.app(app) for app in apps]
    return [Log(path.app, path.access_log if query.access else path.server_log) for path in paths]


def _close(logs: Sequence[Log]) -> None:
    for log in logs:
        log.close()


def _wanted(log: Log, query: Query, *, whole: bool) -> "deque[Line]":
    if query.count is not None and not query.since and not query.pattern:
        log.skip(query.count)
    found = deque((line for line in log.lines() if query.wants(line.text, line.time)), query.count)
    if whole:
        found.extend(line for line in log.last() if query.wants(line.text, line.time))
    return found


def _merged(found: "Sequence[deque[Line]]", query: Query) -> tuple[Line, ...]:
    if len(found) == 1:
        return tuple(found[0])
    return tuple(deque(heapq.merge(*found, key=lambda line: line.time or _LONG_AGO), query.count))


def _start_of_last(file: BinaryIO, count: int) -> int:
    """Return where the last `count` lines of a file begin, reading it from its end."""
    position = end = file.seek(0, os.SEEK_END)
    missing = count + 1  # the line end before the first of them
    while position > 0 and missing > 0:
        size = min(BLOCK, position)
        position -= size
        file.seek(position)
        block = file.read(size)
        if position + size == end and not block.endswith(b"\n"):
            missing -= 1  # the last line has no line end
        for index in range(len(block) - 1, -1, -1):
            missing -= block[index] == ord("\n")
            if not missing:
                return position + index + 1
    return end if not count else 0
