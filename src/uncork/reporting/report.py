"""The status report of a day: what it says, each figure beside that of the day before."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from uncork.reporting.days import Days, Route
from uncork.reporting.latency import quantile
from uncork.reporting.looks import Day
from uncork.reporting.tally import FILES, NOT_FOUND, OTHER, Tally

SLOWEST: Final = 5
_NO_ROUTES: Final = frozenset((FILES, NOT_FOUND, OTHER))


@dataclass(frozen=True)
class NewError:
    """A group of errors that was first seen on the day: its id, what was raised, where, and how often."""

    id: str
    what: str
    place: str
    count: int


@dataclass(frozen=True)
class Subject:
    """What a report is about. `address` is where the app answers, `certificate` what there is to say of one."""

    app: str
    host: str
    address: str
    certificate: str


@dataclass(frozen=True)
class Figures:
    """What a day came to. `p50`, `p95` and `p99` are in seconds, None without requests.

    `failed` were answered with 5xx, `refused` with 4xx. `seen` is None where nobody looked at the app that day.
    """

    requests: int
    failed: int
    refused: int
    bytes: int
    p50: float | None
    p95: float | None
    p99: float | None
    seen: Day | None

    @property
    def rate(self) -> float | None:
        """The part of the requests that failed; None without requests."""
        return self.failed / self.requests if self.requests else None

    @property
    def known(self) -> bool:
        """Whether there is anything to say of the day."""
        return bool(self.requests or self.seen)


@dataclass(frozen=True)
class Hour:
    """What an hour came to; `p95` is in seconds, None without requests."""

    requests: int
    failed: int
    p95: float | None


@dataclass(frozen=True)
class Slow:
    """A route of the slowest: its requests and how many failed, p95 and all of its time in seconds."""

    name: str
    requests: int
    failed: int
    p95: float
    seconds: float
    p95_before: float | None


@dataclass(frozen=True)
class Report:
    """An app's day, beside the day before. `hours` are 24; `over` says whether the day is."""

    subject: Subject
    day: date
    over: bool
    figures: Figures
    before: Figures
    hours: tuple[Hour, ...]
    slowest: tuple[Slow, ...]
    errors: tuple[NewError, ...]


def compose(days: Days, subject: Subject, day: date, today: date, errors: Iterable[NewError] = ()) -> Report:
    """Return the report of a day. Raises sqlite3.Error where what is kept of it can't be read."""
    named, previous = day.isoformat(), (day - timedelta(days=1)).isoformat()
    hours = days.hours(named)
    return Report(
        subject=subject,
        day=day,
        over=day < today,
        figures=_figures(hours, days.looks(named)),
        before=_figures(days.hours(previous), days.looks(previous)),
        hours=tuple(_hour(hours.get(hour, Tally())) for hour in range(24)),
        slowest=_slowest(days.routes(named), days.routes(previous)),
        errors=tuple(errors),
    )


def _figures(hours: Mapping[int, Tally], seen: Day | None) -> Figures:
    whole = Tally()
    for tally in hours.values():
        whole.add(tally)
    return Figures(
        requests=whole.requests,
        failed=whole.classes[5],
        refused=whole.classes[4],
        bytes=whole.bytes,
        p50=quantile(whole.latency, 0.50),
        p95=quantile(whole.latency, 0.95),
        p99=quantile(whole.latency, 0.99),
        seen=seen,
    )


def _hour(tally: Tally) -> Hour:
    return Hour(tally.requests, tally.errors, quantile(tally.latency, 0.95))


def _slowest(routes: Iterable[Route], before: Iterable[Route]) -> tuple[Slow, ...]:
    """Those of which one request in twenty took longest."""
    past = {route.name: quantile(route.tally.latency, 0.95) for route in before}
    found = [_slow(route, past.get(route.name)) for route in routes if route.name not in _NO_ROUTES]
    return tuple(sorted(found, key=lambda slow: (-slow.p95, -slow.seconds, slow.name))[:SLOWEST])


def _slow(route: Route, before: float | None) -> Slow:
    tally = route.tally
    p95 = quantile(tally.latency, 0.95) or 0.0
    return Slow(route.name, tally.requests, tally.errors, p95, tally.seconds, before)
