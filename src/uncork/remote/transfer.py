"""Files to a machine, by their contents: what it has, under whatever name, does not cross the line."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from uncork.machine import landing
from uncork.remote.exchange import Exchange, exchange
from uncork.remote.ssh import Connection

_BOOT: Final = "import sys; exec(sys.stdin.buffer.read(int(sys.argv[1])))"
"""Reads a program from its standard input, and leaves the rest of that to it."""


SoFar = Callable[[int, int], None]


def untold(done: int, whole: int) -> None:
    """Tell nobody how much has gone."""


@dataclass(frozen=True)
class Item:
    """A file to send: what it is to be called there, where it is here, its mode there, its SHA-256 (hex) and length."""

    name: str
    path: Path
    mode: int
    sha256: str
    size: int

    @property
    def listed(self) -> tuple[str, int, str, int]:
        """What the machine is told of it."""
        return (self.name, self.mode, self.sha256, self.size)


@dataclass(frozen=True)
class Sent:
    """What crossed the line: how many contents, and how many bytes."""

    files: int
    size: int


def items(root: Path, names: Iterable[str]) -> tuple[Item, ...]:
    """Return the files of a tree as they are to be sent: as 0644, or 0755 where their owner may execute them."""
    return tuple(_item(name, root / name) for name in names)


def _item(name: str, path: Path) -> Item:
    found = path.stat()
    return Item(name, path, 0o755 if found.st_mode & 0o100 else 0o644, landing.digest_of(path), found.st_size)


def send(  # noqa: PLR0913 -- what, where to, and how
    connection: Connection,
    files: Sequence[Item],
    to: str,
    known: Sequence[str] = (),
    python: str = "python3",
    *,
    pack: bool = True,
    so_far: SoFar = untold,
) -> Sent:
    """Have the files in the folder `to` on the machine, beside what is there, as root's.

    The machine needs no more than a Python (3.9 or newer). It looks in the folders `known` for contents that it has
    already. A folder that others must not see half full is to be filled under another name, and renamed then. What came
    before a connection was lost need not come again. `pack` what is not packed yet; `so_far` hears how many bytes have
    gone, of how many. Raises UserError.
    """
    program = Path(landing.__file__).read_bytes()
    request = {"to": to, "known": tuple(known), "files": [one.listed for one in files], "packed": pack}
    with exchange(connection, (python, "-I", "-c", _BOOT, str(len(program)))) as talk:
        talk.say(program, json.dumps(request).encode(), b"\n")
        sent = pour(talk, files, pack=pack, so_far=so_far)
        talk.answer("landed")
    return sent


def pour(talk: Exchange, files: Sequence[Item], *, pack: bool = False, so_far: SoFar = untold) -> Sent:
    """Hear which of the files' contents are lacking, and send those. Raises UserError."""
    lacking = talk.answer("lacking")
    chosen = tuple(files[index] for index in lacking) if isinstance(lacking, list) else ()
    whole, gone = sum(one.size for one in chosen), 0

    def went(size: int) -> None:
        nonlocal gone
        gone += size
        so_far(gone, whole)

    talk.pour(((one.path, one.size) for one in chosen), went, pack=pack)
    return Sent(len(chosen), whole)
