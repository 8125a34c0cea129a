"""What a load client saw: every answer, every failure, every retry. All times are of time.monotonic()."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple


class Sample(NamedTuple):
    """A request that was answered as it should be: when it was due, its connection made, and its answer whole."""

    due: float
    opened: float
    ended: float
    method: str
    release: int

    @property
    def latency(self) -> float:
        """Seconds from when it was due, so that a client that waits hides nothing."""
        return self.ended - self.due


class Failure(NamedTuple):
    """A request that was not: refused, reset, status, short body, timeout, wrong body or no release."""

    due: float
    at: float
    kind: str
    method: str
    path: str
    age: float
    reused: bool
    detail: str


class Seen(NamedTuple):
    """When a release was first and last seen, by when the connection was made and by when the answer came."""

    first_opened: float
    last_opened: float
    first: float
    last: float
    answers: int


@dataclass(frozen=True)
class Result:
    """All that one load client saw. `retries` are GETs sent again since an idle connection was closed under them.

    `lag` is the longest, in seconds, that the client itself was late to send a request.
    """

    sent: int
    samples: tuple[Sample, ...]
    failures: tuple[Failure, ...]
    retries: tuple[float, ...]
    lag: float

    def within(self, since: float, until: float) -> "Result":
        """What was due in that window."""
        samples = tuple(s for s in self.samples if since <= s.due < until)
        failures = tuple(f for f in self.failures if since <= f.due < until)
        retries = tuple(r for r in self.retries if since <= r < until)
        return Result(len(samples) + len(failures), samples, failures, retries, self.lag)

    def outside(self, since: float, until: float) -> "Result":
        """What was due before or after that window."""
        return self._joined(self.within(0.0, since), self.within(until, math.inf))

    def _joined(self, one: "Result", two: "Result") -> "Result":
        return Result(
            one.sent + two.sent,
            one.samples + two.samples,
            one.failures + two.failures,
            one.retries + two.retries,
            self.lag,
        )

    def latency(self, percent: float) -> float:
        """The latency in seconds that this many percent of the answers did not pass; nan if there are none."""
        latencies = sorted(s.latency for s in self.samples)
        if not latencies:
            return math.nan
        return latencies[min(len(latencies) - 1, math.ceil(len(latencies) * percent / 100) - 1)]

    @property
    def releases(self) -> dict[int, Seen]:
        """The releases that answered, oldest first."""
        by_release: dict[int, list[Sample]] = {}
        for sample in self.samples:
            by_release.setdefault(sample.release, []).append(sample)
        return {release: _seen(samples) for release, samples in sorted(by_release.items())}

    def stale(self, release: int, after: float) -> tuple[Sample, ...]:
        """Answers of an older release on connections made after that moment."""
        return tuple(s for s in self.samples if s.release < release and s.opened > after)

    def lost(self, method: str) -> tuple[Failure, ...]:
        """The failures of one method."""
        return tuple(f for f in self.failures if f.method == method)

    def recovered(self, after: float) -> float:
        """Seconds from that moment to the end of the last failure since; 0.0 if there was none."""
        return max((f.at - after for f in self.failures if f.at >= after), default=0.0)

    def __str__(self) -> str:
        kinds = Counter(f"{f.method} {f.kind} {f.detail}".strip() for f in self.failures)
        return (
            f"{self.sent} sent, {len(self.samples)} answered, {len(self.failures)} failed {dict(kinds)}, "
            f"{len(self.retries)} retried on a closed idle connection, p50 {self.latency(50) * 1e3:.1f} ms, "
            f"p99 {self.latency(99) * 1e3:.1f} ms, client late by at most {self.lag * 1e3:.0f} ms"
        )


def _seen(samples: Iterable[Sample]) -> Seen:
    opened, ended = zip(*((s.opened, s.ended) for s in samples), strict=True)
    return Seen(min(opened), max(opened), min(ended), max(ended), len(ended))
