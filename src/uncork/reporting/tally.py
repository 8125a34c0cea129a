"""Lines of an access log, added up: by hour, and by day and route."""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

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


class _Request(msgspec.Struct):
    """What is read of a line. `upstream_seconds` is null where the front answered by itself."""

    time: str
    status: int
    seconds: float = 0.0
    bytes: int = 0
    method: str = ""
    uri: str = ""
    route: str | None = None
    upstream_seconds: float | None = None


_DECODER: Final = msgspec.json.Decoder(_Request)


def tally(lines: Iterable[bytes]) -> Tallies:
    """Return the sums of lines as the front writes them; a line that is none of a request is passed over.

    The day and the hour are the machine's own, as the line has them.
    """
    sums: Tallies = {}
    for (stamp, route), found in _by_hour_and_route(lines).items():
        day, hour = stamp[:10], int(stamp[11:])
        for key in (Key(day, hour), Key(day, ALL, route)):
            sums.setdefault(key, Tally()).add(found)
    return sums


def _by_hour_and_route(lines: Iterable[bytes]) -> dict[tuple[str, str], Tally]:
    """Add up each line once; the agent does this for every request, so it is made to be quick."""
    sums: dict[tuple[str, str], Tally] = {}
    for request in _requests(lines):
        key = request.time[:13], _route(request)
        found = sums.get(key)
        if found is None:
            found = sums[key] = Tally()
        group = request.status // 100
        place = bucket(request.seconds)
        found.requests += 1
        found.bytes += request.bytes
        found.seconds += request.seconds
        found.classes[group if group < _CLASSES else 0] += 1
        found.latency[place] = found.latency.get(place, 0) + 1
    return sums


def _requests(lines: Iterable[bytes]) -> Iterator[_Request]:
    for line in lines:
        request = _decoded(line)
        if request and _TIME.match(request.time) and request.status >= 0 and 0 <= request.seconds < float("inf"):
            yield request


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
