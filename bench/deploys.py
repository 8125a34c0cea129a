"""What visitors notice of a deploy, under load on a fixed schedule: uncork's, and the ways of its peers."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.load.client import Load, Schedule
from tests.load.result import Result

from bench.machine import free_port, median
from bench.ours import Uncork
from bench.peers import Peer
from bench.stack import Stack
from bench.table import Table
from bench.ways import WAYS, Way

RATE: Final = 300.0
SECONDS: Final = 10.0
BEFORE: Final = 2.0
# A visitor who waited so long is lost.
GIVES_UP: Final = 5.0


@dataclass(frozen=True)
class Seen:
    """A deploy: when it began and its command returned, and all that the client saw."""

    began: float
    returned: float
    old: int
    result: Result

    @property
    def first(self) -> float:
        """Seconds to the new release's first answer; nan if there was none."""
        return min((s.ended for s in self.result.samples if s.release > self.old), default=math.nan) - self.began

    @property
    def last(self) -> float:
        """Seconds to the old release's last answer."""
        return max((s.ended for s in self.result.samples if s.release == self.old), default=math.nan) - self.began

    @property
    def command(self) -> float:
        """Seconds until the command returned."""
        return self.returned - self.began

    @property
    def unrest(self) -> float:
        """The 99th percentile of latency during the deploy over that before and after it."""
        until = self.began + max(self.command, *(end for end in (self.first, self.last) if not math.isnan(end)))
        return self.result.within(self.began, until).latency(99) / self.result.outside(self.began, until).latency(99)

    @property
    def ends_up(self) -> bool:
        """Whether all requests of the last second were answered."""
        last = self.began - BEFORE + SECONDS - 1
        return not [failure for failure in self.result.failures if failure.due > last]


def measure(ours: Uncork, folder: Path, venv: Path, rounds: int) -> tuple[Table, ...]:
    """Deploy a changed line, then one that can't be imported, in every way; `ours` is running already."""
    steps: list[dict[str, float]] = []
    good = [_ours(ours, number + 2, steps) for number in range(rounds)]
    bad = _under_load(ours, rounds + 1, lambda: _refused(ours))
    well, ill = [("uncork up", good)], [_bad_row("uncork up", bad)]
    for way in WAYS:
        well.append((way.name, [_peer(way, folder, venv, good=True)]))
        ill.append(_bad_row(way.name, _peer(way, folder, venv, good=False)))
    return _good_table(well, rounds), _steps_table(steps), _bad_table(ill)


def _ours(ours: Uncork, release: int, steps: list[dict[str, float]]) -> Seen:
    def deploy() -> None:
        ours.release(release)
        seconds = ours.ok("up", str(ours.project))["seconds"]
        assert isinstance(seconds, dict)
        steps.append(seconds)

    return _under_load(ours, release - 1, deploy)


def _refused(ours: Uncork) -> None:
    ours.break_source()
    code = ours.run("up", str(ours.project)).returncode
    assert code == 3, f"exit {code}"


def _peer(way: Way, folder: Path, venv: Path, *, good: bool) -> Seen:
    where = folder / f"{way.name.replace(' ', '-').replace(',', '')}-{'good' if good else 'bad'}"
    peer = Peer(way.server, where, free_port(), venv)

    def deploy() -> None:
        peer.release(2) if good else peer.break_source()
        way.deploy(peer)

    try:
        peer.start()
        return _under_load(peer, 1, deploy)
    finally:
        peer.stop()


def _under_load(stack: Stack, old: int, deploy: Callable[[], None]) -> Seen:
    with Load(Schedule(stack.port, RATE, timeout=GIVES_UP)) as load:
        start = time.monotonic()
        time.sleep(BEFORE)
        began = time.monotonic()
        deploy()
        returned = time.monotonic()
        time.sleep(max(0.5, start + SECONDS - returned))
    return Seen(began, returned, old, load.result)


def _good_table(rows: list[tuple[str, list[Seen]]], rounds: int) -> Table:
    head = ("", "command, s", "first new answer, s", "last old answer, s", "lost", "of", "slowest, ms", "p99 in/out")
    note = (
        f"{RATE:.0f} requests/s, a third on fresh connections, a quarter POST; a lost one was refused, cut off, "
        f"answered with an error or not within {GIVES_UP:.0f} s. uncork: medians of {rounds} deploys, lost ones of all."
    )
    return Table("A deploy that changes one line", head, tuple(_good_row(*row) for row in rows), (note,))


def _good_row(name: str, seen: list[Seen]) -> tuple[str, ...]:
    slowest = median(max(s.latency for s in one.result.samples) for one in seen) * 1e3
    return (
        name,
        f"{median(one.command for one in seen):.2f}",
        f"{median(one.first for one in seen):.2f}",
        f"{median(one.last for one in seen):.2f}",
        str(sum(len(one.result.failures) for one in seen)),
        str(sum(one.result.sent for one in seen)),
        f"{slowest:.0f}",
        f"{median(one.unrest for one in seen):.1f}",
    )


def _steps_table(steps: list[dict[str, float]]) -> Table:
    def kind(name: str) -> str:
        return " ".join(word for word in name.split() if not word.isdigit() and "/" not in word)

    alike = [{kind(name): seconds for name, seconds in one.items()} for one in steps]
    rows = ((name, f"{median(one[name] for one in alike if name in one):.3f}") for name in alike[0])
    return Table("Where uncork's deploy spends its time", ("step", "seconds"), tuple(rows))


def _bad_row(name: str, seen: Seen) -> tuple[str, ...]:
    return name, str(len(seen.result.failures)), str(seen.result.sent), "yes" if seen.ends_up else "no"


def _bad_table(rows: list[tuple[str, ...]]) -> Table:
    return Table("A deploy that can't be imported", ("", "lost", "of", "answers in the end"), tuple(rows))
