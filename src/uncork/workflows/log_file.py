"""A log with all that was rotated of it, read from its end backwards or on from a time, a piece at a time."""

import errno
import gzip
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import BinaryIO, Final, cast

from uncork.errors import UserError
from uncork.machine.files import opened
from uncork.machine.rotation import BROKEN, is_packed, rotated
from uncork.workflows.log_query import Query
from uncork.workflows.log_record import Record, begins, blocks, record, time_of

REGION: Final = 128 * 1024
LONGEST: Final = 1024 * 1024
"""What is longer than that, and says nowhere when it was written, is taken apart at any line."""
SLACK: Final = timedelta(minutes=1)
"""Writers of one file are not that much apart in their times."""
_HEAD: Final = 256
_NUMBERED: Final = re.compile(r"\.(\d+)(?:\.gz)?")
Ends = Mapping[tuple[int, int], int]
Timed = tuple[datetime, Record]


@dataclass(frozen=True)
class Log:
    """A log: of which app ("": all), what it is called, and where it is."""

    app: str
    source: str
    path: Path


def backward(log: Log, query: Query, ends: Ends) -> Iterator[Timed]:
    """Yield the wanted records of a log, the latest first, with when they were written or must have been.

    It ends before what is too old. `ends` says of files, by device and inode, how much of them is read.
    """
    for path in (log.path, *reversed(_rotated(log.path))):
        with _file(path, ends) as found:
            if found and query.since and found.changed < query.since - SLACK:
                return
            yield from _last_of(log, found, query) if found else ()


def forward(log: Log, query: Query, ends: Ends) -> Iterator[Timed]:
    """Yield the wanted records of a log, oldest first."""
    for path in (*_rotated(log.path), log.path):
        with _file(path, ends) as found:
            if found and (query.since is None or found.changed >= query.since):
                start = _start(found, query.since - SLACK) if query.since else 0
                for region in _regions_forward(found, start):
                    yield from _wanted(log, region, found, query)


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
        except (FileNotFoundError, *BROKEN):
            found = None
        yield found


def _entered(stack: ExitStack, path: Path, ends: Ends) -> _File:
    file = stack.enter_context(opened_plainly(path))
    status = os.fstat(file.fileno())
    changed = datetime.fromtimestamp(status.st_mtime, timezone.utc)
    if not is_packed(path):
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
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> UserError:
    if path.is_symlink():
        return UserError(
            f"{path} is a symbolic link, and is not followed: an app may write to that folder, and could have us show "
            "any file of the machine",
            "remove the link, and `uncork restart` the app: its log begins anew there",
        )
    if error.errno == errno.EINVAL:
        return UserError(f"{path} is no regular file", "move it away, and `uncork restart` the app")
    return UserError(f"can't read {path}: {error.strerror}", "run this as who ran `uncork up`")


def _rotated(path: Path) -> tuple[Path, ...]:
    """Return what was rotated, oldest first, also where supervisord did it, which counts from the latest."""
    found = ((p, _NUMBERED.fullmatch(p.name[len(path.name) :])) for p in path.parent.glob(f"{path.name}.*"))
    numbered = sorted(((int(match[1]), p) for p, match in found if match), reverse=True)
    return (*(p for _, p in numbered), *rotated(path))


def _last_of(log: Log, found: _File, query: Query) -> Iterator[Timed]:
    for region in _regions_backward(found):
        yield from reversed(tuple(_wanted(log, region, found, query)))
        if query.since and _is_before(region, query.since - SLACK):
            return


def _is_before(region: bytes, since: datetime) -> bool:
    began = time_of(text(region[:1024].partition(b"\n")[0]))
    return began is not None and began < since


def _wanted(log: Log, region: bytes, found: _File, query: Query) -> Iterator[Timed]:
    """Yield the records of some lines that are wanted; what has no time was written when the one before it was."""
    if not query.may_want(region):
        return
    inherited: datetime | None = None
    for block in blocks(map(text, region.removesuffix(b"\n").split(b"\n"))):
        inherited = time_of(block[0]) or inherited
        if query.matches("\n".join(block)):
            one = record(log.app, log.source, block, inherited)
            if query.wants(one):
                yield one.time or found.changed, one


def _regions_backward(found: _File) -> Iterator[bytes]:
    """Yield a file in pieces from its end, each of whole records where these can be told."""
    position, rest = found.end, b""
    while position > 0:
        size = min(max(REGION, len(rest)), position)  # doubled, or a record of 50 MB would be copied 400 times
        position -= size
        found.file.seek(position)
        rest = found.file.read(size) + rest
        cut = _first_beginning(rest) if position else 0
        if cut is not None:
            yield rest[cut:]
            rest = rest[:cut]


def _regions_forward(found: _File, start: int) -> Iterator[bytes]:
    found.file.seek(start)
    rest, left = b"", found.end - start
    while left > 0 and (read := found.file.read(min(max(REGION, len(rest)), left))):
        left -= len(read)
        rest += read
        cut = _last_beginning(rest) if left else None
        if cut is not None:
            yield rest[:cut]
            rest = rest[cut:]
    if rest:
        yield rest


def _first_beginning(lines: bytes) -> int | None:
    """Return where the first line behind an unknown one begins a record for sure; None: look at more."""
    first = start = lines.find(b"\n") + 1
    while start:
        if begins(text(lines[start : start + _HEAD])):
            return start
        start = lines.find(b"\n", start) + 1
    return first if len(lines) > LONGEST else None


def _last_beginning(lines: bytes) -> int | None:
    last = end = lines.rfind(b"\n")
    while end > 0:
        if begins(text(lines[end + 1 : end + 1 + _HEAD])):
            return end + 1
        end = lines.rfind(b"\n", 0, end)
    return last + 1 if len(lines) > LONGEST else None


def _start(found: _File, since: datetime) -> int:
    """Return where a line begins before which all are older, by halves: a long log is not read for its last minute."""
    low, high = 0, found.end
    while high - low > REGION:
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
    while start < min(found.end, position + REGION):
        line = text(found.file.readline(LONGEST))
        if begins(line):
            return start, time_of(line)
        start = found.file.tell()
    return start, None


def text(line: bytes) -> str:
    """Return a line as text, whatever is in it."""
    return line.decode("utf-8", "replace").rstrip("\r\n")
