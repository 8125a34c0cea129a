"""What is written down of releases, of what was done, and of the front: JSON there and back."""

from dataclasses import dataclass, field
from typing import Final, TypeVar

import msgspec

from uncork.errors import UserError
from uncork.model import Release
from uncork.notices import Certificate, Trouble
from uncork.serving import Maintenance, Outside

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
class AuditEntry:
    """A line of a machine's audit: who changed what, from where, and what became of it.

    `who` is by their own word where they came from elsewhere, as `anna@laptop`; `account` is the one they had here, and
    `origin` the address they came from, empty for who was at the machine. `release` is the one that is live then.
    `result` is ok, refused, failed, locked or interrupted; begun where nobody waits for the end.
    """

    when: str
    who: str
    account: str
    origin: str
    what: str
    app: str
    release: int | None
    result: str
    seconds: float
    problem: str = ""


@dataclass(frozen=True)
class FrontRecord:
    """Which front answers, where, and the apps behind it in the order of their first deploy.

    `outside` is what is known of one that the machine runs; `shared` as in `Address`.
    """

    bind: str
    port: int
    apps: tuple[str, ...] = ()
    kind: str = "nginx"
    tls_port: int = 0
    outside: Outside | None = None
    shared: bool = False


@dataclass(frozen=True)
class Birth:
    """A log by its inode, and since when it has anything in it, in epoch seconds."""

    inode: int
    since: float


@dataclass(frozen=True)
class AgentRecord:
    """What the agent wrote down: its pid, when (UTC in ISO 8601), what it can't do, and its logs as `shop/app.log`."""

    pid: int
    time: str
    troubles: tuple[Trouble, ...] = ()
    logs: dict[str, Birth] = field(default_factory=dict)


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


def encode_maintenance(maintenance: Maintenance) -> str:
    """Return what holds while an app is away as JSON."""
    return _pretty(maintenance)


def decode_maintenance(text: str) -> Maintenance:
    """Return what holds while an app is away. Raises UserError that names what is wrong with it."""
    return _decoded(text, Maintenance, "the record of the maintenance")


def encode_certificate(certificate: Certificate) -> str:
    """Return what a CA has certified as JSON."""
    return _pretty(certificate)


def decode_certificate(text: str) -> Certificate:
    """Return what a CA has certified. Raises UserError that names what is wrong with it."""
    return _decoded(text, Certificate, "the record of the certificate")


def encode_agent(record: AgentRecord) -> str:
    """Return what the agent writes down as JSON."""
    return _pretty(record)


def decode_agent(text: str) -> AgentRecord:
    """Return what the agent wrote down. Raises UserError that names what is wrong with it."""
    return _decoded(text, AgentRecord, "the agent's state")


def encode_event(event: Event) -> str:
    """Return an event as one line of JSON, without the line's end."""
    return msgspec.json.encode(event).decode()


def decode_event(line: str) -> Event:
    """Return the event of a line. Raises UserError that names what is wrong with it."""
    return _decoded(line, Event, "a line of the history")


def encode_audit(entry: AuditEntry) -> str:
    """Return a line of the audit as one line of JSON, without the line's end."""
    return msgspec.json.encode(entry).decode()


def decode_audit(line: str) -> AuditEntry:
    """Return what a line of the audit says. Raises UserError that names what is wrong with it."""
    return _decoded(line, AuditEntry, "a line of the audit")


def _pretty(record: object) -> str:
    return msgspec.json.format(msgspec.json.encode(record), indent=2).decode() + "\n"


def _decoded(text: str, kind: type[Record], name: str) -> Record:
    try:
        return msgspec.json.decode(text.encode("utf-8", "replace"), type=kind)
    except msgspec.DecodeError as error:
        raise UserError(f"{name} can't be read: {error}", FIX) from error
