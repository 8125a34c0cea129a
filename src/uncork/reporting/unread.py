"""What of a log, and of its rotated files, was not read yet."""

import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

from uncork.machine.files import opened
from uncork.machine.rotation import rotated
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

    A rotated file that somebody writes to still is the last one for now; so is one that is renamed under our eyes.
    """
    with suppress(FileNotFoundError, EOFError, zlib.error, gzip.BadGzipFile):
        if begun and _same(log, begun):
            yield from _rest(log, begun.offset, whole=False)
            return
        files = rotated(log)
        found = _found(files, begun) if begun else None
        if begun and found is None and _emptied(log, begun):
            files = ()
        for path in files[found or 0 :]:
            done = not written((path,))
            yield from _rest(path, begun.offset if begun and found is not None else 0, whole=done)
            if not done:
                return
            found = None
        yield from _rest(log, 0, whole=False)


def _same(path: Path, begun: Position) -> bool:
    if not path.exists():
        return False
    with opened(path) as file:
        status = os.fstat(file.fileno())
        known = (status.st_dev, status.st_ino) == (begun.device, begun.inode) and status.st_size >= begun.offset
        return known and file.read(len(begun.head)) == begun.head


def _emptied(log: Path, begun: Position) -> bool:
    """Whether it is the very file, emptied in place."""
    status = log.stat()
    return (status.st_dev, status.st_ino) == (begun.device, begun.inode)


def _found(files: tuple[Path, ...], begun: Position) -> int | None:
    """Return which of the files was read last; None where it is gone: then all are newer."""
    for index, path in reversed(tuple(enumerate(files))):
        with _uncompressed(path) as file:
            if file.read(len(begun.head)) == begun.head:
                return index
    return None


@contextmanager
def _uncompressed(path: Path) -> Iterator[BinaryIO]:
    with opened(path) as file:
        if path.name.endswith(".gz"):
            with gzip.GzipFile(fileobj=file) as packed:
                yield cast("BinaryIO", packed)
        else:
            yield file


def _rest(path: Path, offset: int, *, whole: bool) -> Iterator[Piece]:
    """Yield the lines from there on; `whole`: nobody adds to the file, what has no line end is no line."""
    with _uncompressed(path) as file:
        status = os.fstat(file.fileno())
        head = file.read(HEAD)
        file.seek(offset)
        partial = b""
        while block := file.read(BLOCK):
            *lines, partial = (partial + block).split(b"\n")
            if len(partial) > BLOCK:  # a line of that length is none of the front's
                lines, partial = [*lines, partial], b""
            offset = file.tell() - len(partial)
            yield Piece(tuple(lines), Position(status.st_dev, status.st_ino, offset, head[:offset]))
        if whole and partial:
            yield Piece((), Position(status.st_dev, status.st_ino, file.tell(), head))
