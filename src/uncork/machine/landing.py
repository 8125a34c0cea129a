"""Files that come over a stream. Standard library alone and one file, so that a machine without uncork can run it too.

What is asked: a line of JSON, {"to", "known", "files": [[name, mode, sha256, size], ...], "packed"}. The answer: a line
that says which contents are lacking; they come one after the other, as one zlib stream (RFC 1950) if "packed", and a
last line says that all is in place, or what is wrong.
"""

import contextlib
import hashlib
import json
import os
import shutil
import stat
import sys
import zlib
from collections.abc import Iterator, Sequence
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol, cast

CHUNK = 1 << 18
SPARE = 1 << 20
_OURS = ".landing-"


class Wanted(NamedTuple):
    """A file that is to be there: its name in the folder, its mode, and its content by SHA-256 (hex) and length."""

    name: str
    mode: int
    sha256: str
    size: int


class LandingError(Exception):
    """Why files could not land: the problem, and what to do."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.fix = fix


class EndedError(LandingError):
    """The stream ended before all had come: who sends is gone."""


class Source(Protocol):
    """Where contents come from."""

    def read(self, most: int, /) -> bytes:
        """Read some bytes, none where it has ended."""


class Unpacked:
    """What a zlib stream holds, as it comes."""

    def __init__(self, stream: BufferedReader) -> None:
        self._stream = stream
        self._inflate = zlib.decompressobj()

    def read(self, most: int, /) -> bytes:
        """Read some bytes, none where it has ended."""
        while packed := self._inflate.unconsumed_tail or self._stream.read1(CHUNK):
            if found := self._inflate.decompress(packed, most):
                return found
        return b""


class Landing:
    """Files on their way into the folder `to`. Contents that `known` folders have, under any name, need not come."""

    def __init__(self, to: str, wanted: Sequence[Wanted], known: Sequence[str] = ()) -> None:
        self._to = Path(to)
        self._wanted = wanted
        self._known = tuple(Path(folder) for folder in known)
        self._new = self._to / f"{_OURS}{os.getpid()}"
        self._have: dict[str, Path] = {}

    def lacking(self) -> list[int]:
        """Put in place what is here, and return the indices of the contents that are not, each but once.

        Raises LandingError where a name leads out of the folder, or the disk has no room for what is to come.
        """
        for one in self._wanted:
            check(one.name)
        self._to.mkdir(parents=True, exist_ok=True)
        self._forget_killed()
        self._look()
        first: dict[str, int] = {}
        for index, one in enumerate(self._wanted):
            if not self._has_placed(one):
                first.setdefault(one.sha256, index)
        self._see_room(sum(self._wanted[index].size for index in first.values()))
        return list(first.values())

    def take(self, stream: Source, lacking: Sequence[int]) -> None:
        """Read the contents of those indices, one after the other, and put all that is wanted in place.

        What came before the stream ended stays, and need not come again. Raises LandingError, OSError.
        """
        try:
            for index in lacking:
                self._take(stream, self._wanted[index])
        finally:
            self._clear()
        came = {self._wanted[index].sha256 for index in lacking}
        for one in self._wanted:
            if one.sha256 in came:
                self._place(one)

    def _take(self, stream: Source, one: Wanted) -> None:
        digest, left = hashlib.sha256(), one.size
        with self._new.open("wb") as file:
            while left:
                chunk = stream.read(min(left, CHUNK))
                if not chunk:
                    raise EndedError("the connection ended before all files had come", "run it again")
                digest.update(chunk)
                file.write(chunk)
                left -= len(chunk)
        if digest.hexdigest() != one.sha256:
            raise LandingError(f"{one.name} changed while it was sent", "run it again")
        self._new.chmod(one.mode)
        self._have[one.sha256] = self._rename(one)

    def _rename(self, one: Wanted) -> Path:
        path = self._to / one.name
        path.parent.mkdir(parents=True, exist_ok=True)
        self._new.replace(path)
        return path

    def _has_placed(self, one: Wanted) -> bool:
        """Have the file under its name if its content is here; others may have removed that meanwhile."""
        try:
            if one.sha256 in self._have:
                self._place(one)
        except FileNotFoundError:
            del self._have[one.sha256]
        return one.sha256 in self._have

    def _place(self, one: Wanted) -> None:
        """Have the file under its name: as another name of what is here if the mode is that, else as a copy."""
        source = self._have[one.sha256]
        if stat.S_IMODE(source.stat().st_mode) != one.mode or not _linked(source, self._new):
            shutil.copyfile(source, self._new)
            self._new.chmod(one.mode)
        self._rename(one)
        self._clear()  # a rename to another name of the same file does nothing

    def _clear(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._new.unlink()

    def _look(self) -> None:
        """Find what is here: first where it is likely, under its own name, then under any of the same length."""
        for one in self._wanted:
            for folder in (self._to, *self._known):
                if one.sha256 not in self._have and _is(folder / one.name, one):
                    self._have[one.sha256] = folder / one.name
        missing = {one.sha256 for one in self._wanted} - self._have.keys()
        sizes = {one.size for one in self._wanted if one.sha256 in missing}
        for path, size in _files(self._known) if missing else ():
            if size in sizes:
                with contextlib.suppress(FileNotFoundError):
                    self._have.setdefault(digest_of(path), path)

    def _see_room(self, coming: int) -> None:
        disk = os.statvfs(self._to)
        free = disk.f_bavail * disk.f_frsize
        if coming + SPARE > free:
            raise LandingError(
                f"{self._to}: {coming >> 10} KB are to come, and its disk has {free >> 10} KB free",
                "free some space on that disk",
            )

    def _forget_killed(self) -> None:
        """Remove what others were at when they were killed."""
        for path in self._to.glob(f"{_OURS}*"):
            if not Path("/proc", path.name[len(_OURS) :]).exists():
                path.unlink()


def check(name: str) -> None:
    """Raise LandingError for a name that is none inside a folder."""
    parts = name.split("/")
    if not name or "\0" in name or {"", ".", ".."} & set(parts):
        raise LandingError(f"{name!a} is not the name of a file inside a folder", "report this: uncork sends no such")


def _linked(source: Path, new: Path) -> bool:
    try:
        os.link(source, new)
    except OSError:  # another disk, or one that knows no links
        return False
    return True


def _is(path: Path, one: Wanted) -> bool:
    try:
        found = path.lstat()
        return stat.S_ISREG(found.st_mode) and found.st_size == one.size and digest_of(path) == one.sha256
    except OSError:
        return False


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _files(folders: Sequence[Path]) -> Iterator[tuple[Path, int]]:
    """Yield the files in folders, each with its length; others may be removing them."""
    for path in (Path(above, name) for folder in folders for above, _, names in os.walk(folder) for name in names):
        with contextlib.suppress(FileNotFoundError):
            found = path.lstat()
            if stat.S_ISREG(found.st_mode):
                yield path, found.st_size


def say(stream: BinaryIO, told: object) -> None:
    """Write a line of JSON."""
    stream.write(json.dumps(told).encode() + b"\n")
    stream.flush()


def main(come: BufferedReader, gone: BinaryIO) -> None:
    """Let the files of one request land."""
    os.umask(0o022)
    try:
        request = json.loads(come.readline())
        landing = Landing(request["to"], [Wanted(*one) for one in request["files"]], request["known"])
        lacking = landing.lacking()
        say(gone, {"lacking": lacking})
        landing.take(Unpacked(come) if request["packed"] else come, lacking)
        os.sync()
        say(gone, {"landed": len(lacking)})
    except LandingError as error:
        say(gone, {"error": {"problem": error.problem, "fix": error.fix}})
    except OSError as error:
        problem = f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)
        say(gone, {"error": {"problem": problem, "fix": "mend that on the machine, and run it again"}})


if __name__ == "__main__":
    main(cast("BufferedReader", sys.stdin.buffer), sys.stdout.buffer)
