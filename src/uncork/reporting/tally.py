"""Lines of an access log, added up: by hour, and by day and route."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated, Final, NamedTuple

import msgspec

from uncork.reporting.latency import bucket

ALL: Final = -1
OTHER: Final = "(other)"
FILES: Final = "(static files)"
NOT_FOUND: Final = "(not found)"
LONGEST: Final = 120
# What differs from one visit of a page to another: numbers, UUIDs, hashes, long names.
_VARIES: Final = re.compile(r"^(?:.*\d.*|[^/]{32,})$")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT[012]\d")
_ERROR: Final = 500
_MISSING: Final = 404
_CLASSES: Final = 6


class Key(NamedTuple):
    """What is added up under one sum: a day's hour (`route` is ""), or a day's route (`hour` is ALL)."""

    day: str
    hour: int
    route: str = ""


class Tally(msgspec.Struct):
    """Requests that were added up: how many, by status class (2 is 2xx), their bytes and seconds, by bucket."""

    requests: int = 0
    bytes: int = 0
    seconds: float = 0.0
    classes: list[int] = msgspec.field(default_factory=lambda: [0] * _CLASSES)
    latency: dict[int, int] = {}

    @property
    def errors(self) -> int:
        """How many were answered with 5xx."""
        return self.classes[_ERROR // 100]

    def add(self, other: "Tally") -> None:
        """Add what another has."""
        self.requests += other.requests
        self.bytes += other.bytes
        self.seconds += other.seconds
        self.classes = [a + b for a, b in zip(self.classes, other.classes, strict=True)]
        for number, count in other.latency.items():
            self.latency[number] = self.latency.get(number, 0) + count


Tallies = dict[Key, Tally]


class _Request(msgspec.Struct, gc=False):
    """What is read of a line. `upstream_seconds` is null where the front answered by itself."""

    time: str
    status: Annotated[int, msgspec.Meta(ge=0)]
    seconds: Annotated[float, msgspec.Meta(ge=0, lt=1e9)] = 0.0
    bytes: int = 0
    method: str = ""
    uri: str = ""
    route: str | None = None
    upstream_seconds: float | None = None


@dataclass(slots=True)
class _Alike:
    """Requests of an hour and a route: how many by status, how many by seconds, and their bytes."""

    statuses: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    seconds: dict[float, int] = field(default_factory=lambda: defaultdict(int))
    bytes: int = 0

    def tally(self) -> Tally:
        """Return the same by status class and by bucket."""
        made = Tally(sum(self.statuses.values()), self.bytes, sum(each * n for each, n in self.seconds.items()))
        for status, n in self.statuses.items():
            group = status // 100
            made.classes[group if group < _CLASSES else 0] += n
        for each, n in self.seconds.items():
            place = bucket(each)
            made.latency[place] = made.latency.get(place, 0) + n
        return made


_DECODER: Final = msgspec.json.Decoder(_Request)


def tally(lines: Iterable[bytes]) -> Tallies:
    """Return the sums of lines as the front writes them; a line that is none of a request is passed over.

    The day and the hour are the machine's own, as the line has them.
    """
    sums: Tallies = {}
    for (stamp, route), alike in _by_hour_and_route(lines).items():
        if not _TIME.match(stamp):
            continue
        day, hour, found = stamp[:10], int(stamp[11:]), alike.tally()
        for key in (Key(day, hour), Key(day, ALL, route)):
            sums.setdefault(key, Tally()).add(found)
    return sums


def _by_hour_and_route(lines: Iterable[bytes]) -> dict[tuple[str, str], _Alike]:
    """Add up each line once. The agent does this for every request: what many have in common is left for later."""
    sums: dict[tuple[str, str], _Alike] = defaultdict(_Alike)
    for line in lines:
        request = _decoded(line)
        if request:
            found = sums[request.time[:13], _route(request)]
            found.statuses[request.status] += 1
            found.seconds[request.seconds] += 1
            found.bytes += request.bytes
    return sums


def _decoded(line: bytes) -> _Request | None:
    """A visitor's bytes that are no UTF-8 stand in the log as they came."""
    try:
        return _DECODER.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass
    try:
        return _DECODER.decode(line.decode("utf-8", "replace"))
    except msgspec.MsgspecError:
        return None


def _route(request: _Request) -> str:
    """A request without a route of the app's is known by its path, less what varies, so that they are not endless."""
    if request.route:
        return f"{request.method} {request.route}"[:LONGEST]
    if request.status == _MISSING:
        return NOT_FOUND
    if request.upstream_seconds is None and request.status < _MISSING:
        return FILES
    path = request.uri.partition("?")[0][:LONGEST]
    return f"{request.method} {'/'.join('*' if _VARIES.match(part) else part for part in path.split('/'))}"
