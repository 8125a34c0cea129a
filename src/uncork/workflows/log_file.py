"""A log with all that was rotated of it, read from its end backwards or on from a time, a piece at a time."""

import gzip
import os
import re
import shutil
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final, cast

from uncork.errors import UserError
from uncork.machine.files import opened
from uncork.machine.rotation import rotated
from uncork.workflows.log_record import Record, begins, blocks, record, time_of

BLOCK: Final = 64 * 1024
LONGEST: Final = 1024 * 1024
"""A longer line is as good as several."""
TOGETHER: Final = 1000
"""Lines without a time that are read before they are taken as they are."""
SLACK: Final = timedelta(minutes=1)
"""Writers of one file are not that much apart in their times."""
_NUMBERED: Final = re.compile(r"\.(\d+)(?:\.gz)?")
Ends = Mapping[tuple[int, int], int]
Timed = tuple[datetime, Record]


@dataclass(frozen=True)
class Log:
    """A log: of which app ("": all), what it is called, and where it is."""

    app: str
    source: str
    path: Path


def backward(log: Log, since: datetime | None, ends: Ends) -> Iterator[Timed]:
    """Yield the records of a log, the latest first, with when they were written or must have been.

    It ends before what is older than `since`. `ends` says of files, by device and inode, how much of them is read.
    """
    for path in (log.path, *reversed(_rotated(log.path))):
        for timed in _file_backward(log, path, ends):
            if since and timed[0] < since - SLACK:
                return
            yield timed


def forward(log: Log, since: datetime, ends: Ends) -> Iterator[Timed]:
    """Yield the records of a log from a time on, or a little before it, oldest first."""
    for path in (*_rotated(log.path), log.path):
        with _file(path, ends) as found:
            if found and found.changed >= since:
                yield from _timed(log, _from(found, since), found.changed)


@dataclass(frozen=True)
class _File:
    """An open file, of which `end` bytes are read; `changed` is when it was written to last."""

    file: BinaryIO
    end: int
    changed: datetime


@contextmanager
def _file(path: Path, ends: Ends) -> Iterator[_File | None]:
    """Open a log, unpacked if it is packed; None if it is gone, or broken."""
    with ExitStack() as stack:
        try:
            found = _entered(stack, path, ends)
        except (FileNotFoundError, EOFError, zlib.error, gzip.BadGzipFile):
            found = None
        yield found


def _entered(stack: ExitStack, path: Path, ends: Ends) -> _File:
    file = stack.enter_context(opened_plainly(path))
    status = os.fstat(file.fileno())
    changed = datetime.fromtimestamp(status.st_mtime, timezone.utc)
    if not path.name.endswith(".gz"):
        return _File(file, ends.get((status.st_dev, status.st_ino), status.st_size), changed)
    plain = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 -- the stack closes it
    shutil.copyfileobj(stack.enter_context(gzip.GzipFile(fileobj=file)), plain)
    return _File(cast("BinaryIO", plain), plain.tell(), changed)


def opened_plainly(path: Path) -> BinaryIO:
    """Open a log. Raises FileNotFoundError, and UserError where it is there and can't be read."""
    try:
        return opened(path)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UserError(f"can't read {path}: {error.strerror}", "run this as who ran `uncork up`") from error


def _rotated(path: Path) -> tuple[Path, ...]:
    """Return what was rotated, oldest first, also where supervisord did it, which counts from the latest."""
    found = ((p, _NUMBERED.fullmatch(p.name[len(path.name) :])) for p in path.parent.glob(f"{path.name}.*"))
    numbered = sorted(((int(match[1]), p) for p, match in found if match), reverse=True)
    return (*(p for _, p in numbered), *rotated(path))


def _file_backward(log: Log, path: Path, ends: Ends) -> Iterator[Timed]:
    with _file(path, ends) as found:
        if not found:
            return
        lines = _lines_backward(found.file, found.end)
        while chunk := _chunk(lines):
            yield from reversed(tuple(_timed(log, reversed(chunk), found.changed)))


def _chunk(lines: Iterator[str]) -> list[str]:
    """Return the next lines up to one that says when it was written, the latest first."""
    chunk: list[str] = []
    for line in islice(lines, TOGETHER):
        chunk.append(line)
        if begins(line):
            break
    return chunk


def _timed(log: Log, lines: Iterable[str], otherwise: datetime) -> Iterator[Timed]:
    """Yield the records of lines; what has no time was written when the one before it was."""
    inherited: datetime | None = None
    for block in blocks(lines):
        found = record(log.app, log.source, block, inherited)
        inherited = found.time
        yield found.time or otherwise, found


def _lines_backward(file: BinaryIO, end: int) -> Iterator[str]:
    position, rest, last = end, b"", True
    while position > 0:
        size = min(BLOCK, position)
        position -= size
        file.seek(position)
        rest, *lines = (file.read(size) + rest).split(b"\n")
        if last and lines and not lines[-1]:
            lines.pop()  # behind the last line's end is nothing
        last = False
        yield from (text(line) for line in reversed(lines))
        if len(rest) > LONGEST:
            yield text(rest)
            rest = b""
    if end:
        yield text(rest)


def _from(found: _File, since: datetime) -> Iterator[str]:
    """Yield the lines from about a time on."""
    found.file.seek(_start(found, since - SLACK))
    while (left := found.end - found.file.tell()) > 0 and (line := found.file.readline(min(LONGEST, left))):
        yield text(line.removesuffix(b"\n"))


def _start(found: _File, since: datetime) -> int:
    """Return where a line begins before which all are older, by halves: a long log is not read for its last minute."""
    low, high = 0, found.end
    while high - low > BLOCK:
        middle = (low + high) // 2
        start, time = _first_time(found, middle)
        if time is None or time >= since:
            high = middle
        else:
            low = start
    return low


def _first_time(found: _File, position: int) -> tuple[int, datetime | None]:
    """Return where the first line behind a position begins that says when it was written, and when that was."""
    found.file.seek(position)
    found.file.readline(LONGEST)
    start = found.file.tell()
    while start < min(found.end, position + BLOCK):
        line = text(found.file.readline(LONGEST))
        if begins(line):
            return start, time_of(line)
        start = found.file.tell()
    return start, None


def text(line: bytes) -> str:
    """Return a line as text, whatever is in it."""
    return line.decode("utf-8", "replace").rstrip("\r\n")
