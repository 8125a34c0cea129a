"""A log that is read on as it grows, also when it is renamed or emptied meanwhile."""

import os
import time
from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO, Final

from uncork.workflows.log_file import LONGEST, REGION, Log, opened_plainly, text
from uncork.workflows.log_record import Record, blocks, record

LINGER: Final = 5.0
"""Seconds that a renamed file is looked at still: who wrote to it has opened the new one by then."""


class Following:
    """A log from its end on. What may not be whole yet comes with the next look."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._file: BinaryIO | None = None
        self._old: list[tuple[BinaryIO, float]] = []
        self._partial: dict[int, bytes] = {}
        self._lines: list[str] = []
        self._time: datetime | None = None
        if self._open() and self._file:
            self._file.seek(_last_end(self._file))

    def end(self) -> dict[tuple[int, int], int]:
        """How much of which file came before."""
        if not self._file:
            return {}
        status = os.fstat(self._file.fileno())
        return {(status.st_dev, status.st_ino): self._file.tell()}

    def close(self) -> None:
        """Let the files go."""
        for file in (self._file, *(file for file, _ in self._old)):
            if file:
                file.close()

    def records(self) -> Iterator[Record]:
        """Yield what came since the last look; the latest record once nothing more was added to it."""
        lines = list(self._came())
        self._lines += lines
        found = list(blocks(self._lines))
        if lines and found:
            self._lines = list(found.pop())
        else:
            self._lines = []
        for block in found:
            one = record(self._log.app, self._log.source, block, self._time)
            self._time = one.time
            yield one

    def _came(self) -> Iterator[str]:
        now = time.monotonic()
        for file, moved in tuple(self._old):
            yield from self._rest(file)
            if now - moved > LINGER:
                yield from self._last(file)
                self._old.remove((file, moved))
        while self._open() and self._file:
            yield from self._rest(self._file)
            if not self._moved():
                return
            self._old.append((self._file, now))
            self._file = None

    def _open(self) -> bool:
        if not self._file:
            try:
                self._file = opened_plainly(self._log.path)
            except FileNotFoundError:
                return False
        return True

    def _rest(self, file: BinaryIO) -> Iterator[str]:
        number = file.fileno()
        if os.fstat(number).st_size < file.tell():
            file.seek(0)
            self._partial.pop(number, None)
        while block := file.read(REGION):
            *whole, partial = (self._partial.get(number, b"") + block).split(b"\n")
            if len(partial) > LONGEST:
                whole, partial = [*whole, partial], b""
            self._partial[number] = partial
            yield from map(text, whole)

    def _last(self, file: BinaryIO) -> Iterator[str]:
        """Yield what stands at the end of a file that is done with, and let that go."""
        if left := self._partial.pop(file.fileno(), b""):
            yield text(left)
        file.close()

    def _moved(self) -> bool:
        """Whether another file is at the path by now; while none is, there may come more in the old one."""
        try:
            return self._file is not None and not os.path.samestat(os.fstat(self._file.fileno()), self._log.path.stat())
        except FileNotFoundError:
            return False


def _last_end(file: BinaryIO) -> int:
    """Return where the last whole line ends."""
    position = file.seek(0, os.SEEK_END)
    while position > 0:
        size = min(REGION, position)
        position -= size
        file.seek(position)
        found = file.read(size).rfind(b"\n")
        if found >= 0:
            return position + found + 1
    return 0
