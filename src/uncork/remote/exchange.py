"""A talk with a program on a machine: lines of JSON both ways, and contents of files to it."""

import json
import subprocess
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

from uncork.errors import ExitCode, LockedError, RefusedError, UsageError, UserError
from uncork.machine.landing import CHUNK
from uncork.remote.everywhere import NOT_SET_UP, not_set_up
from uncork.remote.rights import ran
from uncork.remote.ssh import Connection

LEAVE: Final = 5.0
"""Seconds that a program has to end once nothing more is said to it."""
LEVEL: Final = 1
"""How hard contents are packed: 76 MB become 31 for 0.9 s of a processor here and 0.3 there; at 6 it is 28 for 2.8."""
Went = Callable[[int], None]
_KINDS: Final[Mapping[int, type[UserError]]] = {
    ExitCode.USAGE: UsageError,
    ExitCode.REFUSED: RefusedError,
    ExitCode.LOCKED: LockedError,
}


class LostError(UserError):
    """The connection ended in the middle of a talk."""


class Exchange:
    """The talk with one program; `host` is whose it is, as the user calls it."""

    def __init__(self, connection: Connection, process: "subprocess.Popen[bytes]") -> None:
        if not (process.stdin and process.stdout and process.stderr):
            raise TypeError("its streams are to be pipes")
        self.host = connection.host
        self._connection = connection
        self._process = process
        self._to: IO[bytes] = process.stdin
        self._from: IO[bytes] = process.stdout
        self._errors: IO[bytes] = process.stderr

    def say(self, *told: bytes) -> None:
        """Say something. That nobody hears it is found out by what is, or is not, answered.

        A thread may have something to say still when the talk is over: its pipe is closed then, and that no error.
        """
        with suppress(BrokenPipeError, ValueError):
            for part in told:
                self._to.write(part)
            self._to.flush()

    def pour(self, files: Iterable[tuple[Path, int]], went: Went, *, pack: bool) -> None:
        """Send as much of each file as was said: of one that has become shorter the rest is made up, and is refused.

        `went` hears of each piece how many bytes of files it was; with `pack` they go as one zlib stream.
        """
        deflate = zlib.compressobj(LEVEL) if pack else None
        with suppress(BrokenPipeError):
            for chunk in _chunks(files):
                self._to.write(deflate.compress(chunk) if deflate else chunk)
                went(len(chunk))
            self._to.write(deflate.flush() if deflate else b"")
            self._to.flush()

    def lines(self) -> Iterator[dict[str, object]]:
        """Yield what is said, up to its end. Raises the error that is said, LostError where it just ends."""
        for line in self._from:
            try:
                told = json.loads(line)
            except ValueError:  # a login shell may greet whoever comes
                continue
            if isinstance(told, dict):
                _raise_told(told, self.host)
                yield told
        raise self._ended()

    def answer(self, key: str) -> object:
        """Return what the next line says of that. Raises what `lines` does."""
        return next(told[key] for told in self.lines() if key in told)

    def _ended(self) -> UserError:
        """Return why there was no answer: there is no such program, we may not run it, or there is no connection."""
        said = self._errors.read().decode("utf-8", "replace")
        code = self._process.wait()
        if code == NOT_SET_UP:
            return not_set_up(self.host)
        ran(self._connection, code)
        return LostError(
            f"{self.host}: the connection was lost", "see that the machine is up, and run this again", said
        )


def _chunks(files: Iterable[tuple[Path, int]]) -> Iterator[bytes]:
    for path, size in files:
        left = size
        with path.open("rb") as file:
            while left:
                yield (chunk := file.read(min(left, CHUNK)) or bytes(min(left, CHUNK)))
                left -= len(chunk)


def _raise_told(told: dict[str, object], host: str) -> None:
    error = told.get("error")
    if isinstance(error, dict):
        said = {key: str(error.get(key, "")) for key in ("problem", "fix", "detail")}
        kind = _KINDS.get(error.get("code", 0), UserError)
        raise kind(f"{host}: {said['problem']}", said["fix"], said["detail"])


@contextmanager
def exchange(connection: Connection, argv: tuple[str, ...], *, root: bool = True) -> Iterator[Exchange]:
    """Start a program on a machine, and give the talk with it; it is left to end by itself, but not waited for long."""
    process = connection.stream(argv, root=root)
    talk = Exchange(connection, process)
    try:
        yield talk
    finally:
        leave(process)


def leave(process: "subprocess.Popen[bytes]") -> None:
    """Say nothing more to a program, and see it gone."""
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe:
            with suppress(OSError):
                pipe.close()
    try:
        process.wait(LEAVE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
