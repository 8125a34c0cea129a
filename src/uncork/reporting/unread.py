"""What of a log, and of its rotated files, was not read yet."""

import gzip
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import BinaryIO, Final, cast

from uncork.machine.files import opened
from uncork.machine.rotation import BROKEN, is_packed, rotated
from uncork.machine.writers import written

HEAD: Final = 256
BLOCK: Final = 1024 * 1024


@dataclass(frozen=True)
class Position:
    """How far a log was read: the file, the bytes of it (uncompressed), and what it begins with.

    The beginning tells the file again when it was compressed, and another one when its inode is used anew.
    """

    device: int
    inode: int
    offset: int
    head: bytes


@dataclass(frozen=True)
class Piece:
    """Whole lines that follow each other in a file, and the position behind them."""

    lines: tuple[bytes, ...]
    reached: Position


def pieces(log: Path, begun: Position | None) -> Iterator[Piece]:
    """Yield what was written to a log since a position, oldest first: the rest of that file, then those after it.

    A rotated file that somebody writes to still is the last one for now. The log is opened before its rotated files are
    looked for: so none is missed that is renamed meanwhile.
    """
    with suppress(FileNotFoundError), opened(log) as current:
        if begun and _goes_on(current, begun):
            yield from _rest(current, begun.offset, whole=False)
            return
        here = _identity(current)
        files = tuple(takewhile(lambda path: _at(path) != here, rotated(log)))
        found = _found(files, begun) if begun else None
        is_emptied = begun is not None and found is None and here == (begun.device, begun.inode)
        for path in () if is_emptied else files[found or 0 :]:
            done = not written((path,))
            with suppress(*BROKEN), _uncompressed(path) as file:
                yield from _rest(file, begun.offset if begun and found is not None else 0, whole=done)
            if not done:
                return
            found = None
        yield from _rest(current, 0, whole=False)


def _goes_on(current: BinaryIO, begun: Position) -> bool:
    """Whether it is the file that was read last, longer or not; then at its start is what was there."""
    if _identity(current) != (begun.device, begun.inode) or os.fstat(current.fileno()).st_size < begun.offset:
        return False
    current.seek(0)
    return current.read(len(begun.head)) == begun.head


def _found(files: tuple[Path, ...], begun: Position) -> int | None:
    """Return which of the files was read last; None where it is gone: then all are newer.

    It is the file that it was, or what became of it when it was compressed: that begins as it did, which no other
    does, since the time and the id of its first request are there.
    """
    alike = [index for index, path in enumerate(files) if _begins(path, begun.head)]
    same = (index for index in alike if _at(files[index]) == (begun.device, begun.inode))
    return next(same, max(alike, default=None))


def _begins(path: Path, head: bytes) -> bool:
    with suppress(*BROKEN), _uncompressed(path) as file:
        return file.read(len(head)) == head
    return False


def _identity(file: BinaryIO) -> tuple[int, int]:
    status = os.fstat(file.fileno())
    return status.st_dev, status.st_ino


def _at(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


@contextmanager
def _uncompressed(path: Path) -> Iterator[BinaryIO]:
    with opened(path) as file:
        if is_packed(path):
            with gzip.GzipFile(fileobj=file) as packed:
                yield cast("BinaryIO", packed)
        else:
            yield file


def _rest(file: BinaryIO, offset: int, *, whole: bool) -> Iterator[Piece]:
    """Yield the lines from there on; `whole`: nobody adds to the file, what has no line end is no line."""
    here = _identity(file)
    file.seek(0)
    head = file.read(HEAD)
    file.seek(offset)
    partial = b""
    while block := file.read(BLOCK):
        *lines, partial = (partial + block).split(b"\n")
        if len(partial) > BLOCK:  # a line of that length is none of the front's
            lines, partial = [*lines, partial], b""
        offset = file.tell() - len(partial)
        yield Piece(tuple(lines), Position(*here, offset, head[:offset]))
    if whole and partial:
        yield Piece((), Position(*here, file.tell(), head))
