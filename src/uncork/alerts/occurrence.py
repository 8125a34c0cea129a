"""One error as a worker wrote it down: a line of JSON in the spool."""

import json
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec

LONGEST: Final = 1024**2
"""A line that is longer is nothing that a worker wrote."""

Fingerprint = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{16}$")]
Number = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


@dataclass(frozen=True)
class Frame:
    """A call in a traceback; `own` says whether it is the project's code, and only then are its `locals` there."""

    file: str = ""
    line: Number = 0
    function: str = ""
    code: str = ""
    own: bool = False
    locals: dict[str, str] | None = None


@dataclass(frozen=True)
class Raised:
    """An exception, and the calls it came through, the outermost first."""

    type: str = ""
    message: str = ""
    frames: tuple[Frame, ...] = ()


@dataclass(frozen=True)
class Request:
    """The request that an error happened in."""

    id: str | None = None
    method: str | None = None
    path: str | None = None
    route: str | None = None
    client: str | None = None
    user: str | int | None = None
    headers: dict[str, str] | None = None


@dataclass(frozen=True)
class Occurrence:
    """An error, or `again` one that its process spooled in full a short while ago. `time` is in epoch seconds.

    `chain` are its exceptions, the cause first. `sent_by_app` says that the app mails it by itself. `dropped` are those
    before it that its process could not write.
    """

    kind: Literal["error", "again"]
    fp: Fingerprint
    time: float
    release: Number = 0
    sent_by_app: bool = False
    level: str = ""
    logger: str = ""
    type: str = ""
    message: str = ""
    place: str = ""
    environment: str = ""
    pid: Number = 0
    request: Request | None = None
    chain: tuple[Raised, ...] = ()
    dropped: Number = 0

    @property
    def reason(self) -> str:
        """What went wrong: what the exception says, else what was logged."""
        return self.chain[-1].message if self.chain else self.message


def decode(line: bytes) -> Occurrence | None:
    """Return the occurrence of a line; None for one that is torn or foreign."""
    try:
        return msgspec.json.decode(line, type=Occurrence)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _repaired(line)


def encode(occurrence: Occurrence) -> str:
    """Return an occurrence as JSON."""
    return msgspec.json.encode(occurrence).decode()


def _repaired(line: bytes) -> Occurrence | None:
    """A message may hold half a surrogate pair, which is no text; it stands as a question mark."""
    try:
        text = json.dumps(json.loads(line.decode("utf-8", "replace")), ensure_ascii=False)
        return msgspec.json.decode(text.encode("utf-8", "replace"), type=Occurrence)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
