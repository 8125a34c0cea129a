"""What was done to a machine to set it up, as it is kept there: enough to tell it, and to take it back."""

from dataclasses import dataclass
from typing import Final

import msgspec

from uncork.errors import UserError
from uncork.layout import MACHINE

PLACE: Final = str(MACHINE.machine_record)
SCHEMA: Final = 1


@dataclass(frozen=True)
class Undo:
    """What was not there before: paths, users, packages, and what nginx had not to do (`runs`, `enabled`).

    `folders` go when nothing is in them any more, the innermost last; somebody may have come to use them.
    """

    paths: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    nginx: tuple[str, ...] = ()

    def __or__(self, other: "Undo") -> "Undo":
        """Return all of both, each once, in the order in which it came."""
        return Undo(
            _both(self.paths, other.paths),
            _both(self.folders, other.folders),
            _both(self.users, other.users),
            _both(self.packages, other.packages),
            _both(self.nginx, other.nginx),
        )


NOTHING: Final = Undo()


@dataclass(frozen=True)
class Entry:
    """A change that was made: what, when (UTC, ISO 8601), and by whom."""

    name: str
    what: str
    when: str
    by: str


@dataclass(frozen=True)
class Machine:
    """The record of a machine: the uncork that is on it, for which Python, what was changed, and how to undo it.

    `bundle` is the folder of that uncork in /opt/uncork, empty while it has not come. The last 200 changes are kept.
    """

    uncork: str
    bundle: str
    python: str
    executable: str
    machine: str
    libc: str
    undo: Undo = NOTHING
    changes: tuple[Entry, ...] = ()
    schema: int = SCHEMA


_DECODER: Final = msgspec.json.Decoder(Machine)
"""Made by the one thread that imports it: msgspec 0.22 crashes where several are the first to read a dataclass."""


def encode(machine: Machine) -> str:
    """Return the record as JSON."""
    return msgspec.json.format(msgspec.json.encode(machine), indent=2).decode() + "\n"


def decode(text: str, host: str) -> Machine | None:
    """Return the record of a machine, None if it has none. Raises UserError that names what is wrong with it."""
    if not text:
        return None
    try:
        return _DECODER.decode(text)
    except msgspec.DecodeError as error:
        raise UserError(
            f"{host}: {PLACE} can't be read: {error}", f"restore {PLACE} from a backup, or remove it and set up again"
        ) from error


def _both(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))
