"""Appends records to a file that many processes write to and another one renames: none is lost, torn or doubled."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import time
from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, LOCK_UN, flock
from typing import Final

from uncork_runtime.message import message

MODE: Final = 0o640
PATIENCE: Final = 0.005
"""So many seconds a record waits for who has the file to himself, for microseconds."""
LONG_PATIENCE: Final = 0.1
"""So many seconds one who found the disk full waits for the others, who all are about to find it full as well."""
AGAIN: Final = 0.25
"""So many seconds after a look, the file is still taken for the one that has the name, where that is let."""


class Appender(logging.Handler):
    """Writes each record by one write(2), under a shared lock of the file that has the name at that moment.

    Plain texts, of which there are most, may still go to a file that was renamed `AGAIN` seconds ago: that look costs
    more than all the rest (stat(2) 2.5 us, the write 1, the locks 1). Who renamed the file, and after that time takes
    the lock for himself once, knows that nobody writes to it any more: the time is asked for under the lock, so a
    process may be stopped wherever it is. Nothing is opened before it is needed, nor used on by another process. A
    record that can't be written is counted, and told of by the next one that can.
    """

    def __init__(self, filename: str) -> None:
        """Open nothing yet."""
        super().__init__()
        self.path: Final = os.path.abspath(filename)
        self._fd = -1
        self._pid = 0
        self._file = (0, 0)
        self._due = 0.0
        self._impatient = False
        self._missed = 0
        self._why = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Append the record; raises nothing."""
        self._append(self._line(record))

    def write(self, text: str) -> None:
        """Append a text that is formatted already, to the file that had the name a moment ago."""
        data = f"{text}\n".encode("utf-8", "backslashreplace")
        with self.lock or contextlib.nullcontext():
            self._append(data, look=False)

    def close(self) -> None:
        """Tell of what was missed, if there is room now, and let go of the file; a later record opens it again."""
        self.acquire()
        try:
            if self._missed:
                self._append(b"")
            self._release()
        finally:
            self.release()
        super().close()

    def _line(self, record: logging.LogRecord) -> bytes:
        try:
            text = self.format(record)
        except Exception as error:  # noqa: BLE001 - a format string that asks for what this record has not
            said = message(record).replace("\n", "\n    ")
            text = f"{record.levelname} {record.name}: {said} (its format raises {type(error).__name__})"
        return f"{text}\n".encode("utf-8", "backslashreplace")

    def _append(self, data: bytes, *, look: bool = True) -> None:
        if self._missed:
            data = self._excuse() + data
        try:
            fd = self._current() if look or not self._is_ready() else self._fd
            if self._missed and _is_torn(fd):
                data = b"\n" + data
            written = os.write(fd, data)
            if written < len(data):
                self._take_back(fd, written)
                self._miss(os.strerror(errno.ENOSPC))
            elif self._missed:
                self._missed = 0
            flock(fd, LOCK_UN)
        except OSError as error:
            self._release()
            self._miss(error.strerror or str(error))

    def _is_ready(self) -> bool:
        """Whether the open file could be locked, and had the name a moment ago."""
        if self._pid != os.getpid():
            return False
        try:
            flock(self._fd, LOCK_SH | LOCK_NB)
        except BlockingIOError:
            return False
        return time.monotonic() < self._due

    def _current(self) -> int:
        """The open file that has the name, locked, so that who renames it now waits for this record."""
        deadline = 0.0
        while True:
            if self._pid != os.getpid():
                self._open()
            locked = _locked(self._fd, LOCK_SH)
            self._due = time.monotonic() + AGAIN
            if not self._has_name():
                self._release()
                continue
            if locked:
                self._impatient = False
            if locked or self._impatient:
                return self._fd
            deadline = deadline or time.monotonic() + PATIENCE
            self._impatient = time.monotonic() > deadline  # and stay so, rather than wait at every record
            os.sched_yield()  # not time.sleep: gevent's would run others, who may log, in the midst of this record

    def _has_name(self) -> bool:
        try:
            found = os.stat(self.path)
        except FileNotFoundError:
            return False
        return (found.st_ino, found.st_dev) == self._file

    def _open(self) -> None:
        flags = os.O_APPEND | os.O_CREAT | os.O_RDWR | os.O_CLOEXEC
        try:
            self._fd = os.open(self.path, flags, MODE)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
            self._fd = os.open(self.path, flags, MODE)
        opened = os.fstat(self._fd)
        self._file = (opened.st_ino, opened.st_dev)
        self._pid = os.getpid()

    def _release(self) -> None:
        """Close the file, which gives back its lock. A parent's is left alone: who closes all may use its number."""
        if self._pid == os.getpid():
            with contextlib.suppress(OSError):
                os.close(self._fd)
        self._pid = 0

    def _take_back(self, fd: int, written: int) -> None:
        """Cut off what was written of a record, unless another process has written since."""
        end = os.lseek(fd, 0, os.SEEK_CUR)
        if _alone(fd) and os.fstat(fd).st_size == end:
            os.ftruncate(fd, end - written)

    def _miss(self, why: str) -> None:
        if not self._missed:
            said = f"uncork: records can't be written to {self.path}: {why}\n"
            with contextlib.suppress(OSError):
                os.write(2, said.encode("utf-8", "backslashreplace"))
        self._missed += 1
        self._why = why

    def _excuse(self) -> bytes:
        """What the next record that can be written begins with."""
        records = "1 record" if self._missed == 1 else f"{self._missed} records"
        said = f"{records} could not be written: {self._why}"
        return self._line(logging.LogRecord("uncork", logging.WARNING, "", 0, said, None, None))


def _alone(fd: int) -> bool:
    """Whether the file could be locked against all others in time."""
    deadline = time.monotonic() + LONG_PATIENCE
    while not _locked(fd, LOCK_EX):
        if time.monotonic() > deadline:
            return False
        os.sched_yield()
    return True


def _locked(fd: int, how: int) -> bool:
    try:
        flock(fd, how | LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_torn(fd: int) -> bool:
    """Whether the file ends in the midst of a line: one who found the disk full may have been killed just then."""
    size = os.fstat(fd).st_size
    return size > 0 and os.pread(fd, 1, size - 1) != b"\n"
