"""What is written down of releases, of what was done, and of the front: JSON there and back."""

from dataclasses import dataclass
from typing import Final, TypeVar

import msgspec

from uncork.errors import UserError
from uncork.model import Release

Record = TypeVar("Record")
FIX: Final = "restore it from a backup, or deploy again with `uncork up`"


@dataclass(frozen=True)
class Event:
    """A line of an app's history: `when` is UTC in ISO 8601, `event` the verb, `result` ok, refused or failed."""

    when: str
    event: str
    release: int | None
    result: str
    seconds: float
    by: str
    problem: str = ""


@dataclass(frozen=True)
class FrontRecord:
    """Where the front answers, and the apps behind it in the order of their first deploy."""

    bind: str
    port: int
    apps: tuple[str, ...] = ()


def encode(release: Release) -> str:
    """Return the record of a release as JSON; the same release gives the same text."""
    return _pretty(release)


def decode(text: str) -> Release:
    """Return the release of a record. Raises UserError that names what is wrong with it."""
    return _decoded(text, Release, "the record of a release")


def encode_front(record: FrontRecord) -> str:
    """Return the record of the front as JSON."""
    return _pretty(record)


def decode_front(text: str) -> FrontRecord:
    """Return the record of the front. Raises UserError that names what is wrong with it."""
    return _decoded(text, FrontRecord, "the record of the front")


def encode_event(event: Event) -> str:
    """Return an event as one line of JSON, without the line's end."""
    return msgspec.json.encode(event).decode()


def decode_event(line: str) -> Event:
    """Return the event of a line. Raises UserError that names what is wrong with it."""
    return _decoded(line, Event, "a line of the history")


def _pretty(record: object) -> str:
    return msgspec.json.format(msgspec.json.encode(record), indent=2).decode() + "\n"


def _decoded(text: str, kind: type[Record], name: str) -> Record:
    try:
        return msgspec.json.decode(text.encode("utf-8", "replace"), type=kind)
    except msgspec.DecodeError as error:
        raise UserError(f"{name} can't be read: {error}", FIX) from error
