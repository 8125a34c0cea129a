"""What is told of an error: the same for a mail and for a terminal, and nothing in it acts on either."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Final

from uncork.alerts.groups import OPEN, RESOLVED, Group
from uncork.alerts.occurrence import Frame, Occurrence, Raised, Request

LONGEST: Final = 2000
MOST_LINES: Final = 500
LED_TO: Final = "which led to:"
_ACTS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Line:
    """A line of a traceback; `own` if it is of the project's own code."""

    text: str
    own: bool = False


@dataclass(frozen=True)
class Story:
    """A group of an app's errors, with what is kept in full of its latest occurrence."""

    app: str
    group: Group
    sample: Occurrence | None = None

    @property
    def title(self) -> str:
        """What went wrong, in a line."""
        return _flat(self.group.title)

    @property
    def place(self) -> str:
        """Where: file, line and function."""
        return _flat(self.group.place)

    @property
    def message(self) -> str:
        """All that was said, where that is more than a line."""
        text = seen(self.group.message.strip())
        return text if "\n" in text else ""

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """How often, since when, and where it came from: names and values."""
        return tuple((name, _flat(value)) for name, value in _facts(self.group, self.sample))

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """The request's headers."""
        headers = self.sample.request.headers if self.sample and self.sample.request else None
        return tuple((_flat(name), _flat(value)) for name, value in (headers or {}).items())

    @property
    def trace(self) -> tuple[Line, ...]:
        """The traceback, the latest call last."""
        lines = tuple(_trace(self.sample.chain)) if self.sample else ()
        cut = len(lines) - MOST_LINES
        return lines if cut <= 0 else (Line(f"({cut} lines are left out)"), *lines[cut:])

    @property
    def counts(self) -> str:
        """How often nobody was told of it yet."""
        return f"{self.group.untold} x"

    @property
    def since(self) -> str:
        """In which release it was first, and in which it was not yet; or that it is back."""
        return _since(self.group)

    @property
    def summary(self) -> str:
        """Where, since which release, and when last, in a line."""
        place = f"in {self.place}; " if self.place else ""
        return f"{place}{self.since}; last {at(self.group.last_seen)}"

    def command(self, verb: str) -> str:
        """What one types about it."""
        return f"uncork errors {verb} {self.group.id} --app {self.app}"


def at(seconds: float) -> str:
    """Return a time, UTC."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")


def times(count: int) -> str:
    """Return how often, in words."""
    return "once" if count == 1 else f"{count} times"


def seen(text: str) -> str:
    """Return a text in which everything can be seen: no byte of it moves a cursor, or turns the direction around."""
    cut = text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
    return _ACTS.sub(lambda found: ascii(found[0])[1:-1], cut.replace("\r\n", "\n"))


def _facts(group: Group, sample: Occurrence | None) -> Iterator[tuple[str, str]]:
    if group.state != OPEN:
        yield "State", f"resolved in release {group.resolved_in}" if group.state == RESOLVED else group.state
    if group.untold:
        yield "How often", f"{times(group.untold)}, {_when(group)}"
    if group.count > group.untold:
        yield "In all", f"{times(group.count)} since {at(group.first_seen)}, last at {at(group.last_seen)}"
    if group.by_app:
        yield "By the app", f"{group.by_app} of them it mailed by itself"
    yield "Release", _since(group)
    if len(group.releases) > 1:
        yield "Releases", ", ".join(f"{release} ({times(count)})" for release, count in group.releases)
    if sample:
        yield from _circumstances(sample)


def _since(group: Group) -> str:
    if group.back:
        return f"resolved in release {group.resolved_in}, back in release {group.last_release}"
    not_in = f"; not in {group.before}" if group.before else ""
    return f"first seen in release {group.first_release}{not_in}"


def _when(group: Group) -> str:
    begin, end = at(group.since or group.last_seen), at(group.last_seen)
    return f"at {end}" if begin == end else f"between {begin} and {end}"


def _circumstances(sample: Occurrence) -> Iterator[tuple[str, str]]:
    if sample.environment:
        yield "Environment", sample.environment
    if sample.logger:
        said = f": {sample.message}" if sample.message != sample.reason else ""
        yield "Logged by", f"{sample.logger} ({sample.level}){said}"
    if sample.request:
        yield from _asked(sample.request)


def _asked(request: Request) -> Iterator[tuple[str, str]]:
    route = f" (route {request.route})" if request.route else ""
    yield "Request", f"{request.method or '-'} {request.path or '-'}{route}"
    values = (("Request id", request.id), ("Client", request.client), ("User", request.user))
    yield from ((name, str(value)) for name, value in values if value not in {None, ""})


def _trace(chain: tuple[Raised, ...]) -> Iterator[Line]:
    for number, raised in enumerate(chain):
        if number:
            yield Line("")
            yield Line(LED_TO)
        for frame in raised.frames:
            yield from _call(frame)
        words = seen(": ".join(part for part in (raised.type, raised.message) if part))
        yield from (Line(line) for line in words.split("\n"))


def _call(frame: Frame) -> Iterator[Line]:
    yield Line(_flat(f"{'>' if frame.own else ' '} {frame.file}:{frame.line} in {frame.function}"), frame.own)
    if frame.code:
        yield Line(_flat(f"      {frame.code.strip()}"), frame.own)
    for name, value in (frame.locals or {}).items():
        yield Line(_flat(f"        {name} = {value}"))


def _flat(text: str) -> str:
    return seen(text).replace("\n", "\\n")
