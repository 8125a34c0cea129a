"""What caching saves: a page that may be kept beside the same page made anew, with the cache on and off."""

from collections import defaultdict
from pathlib import Path
from typing import Final

from bench.machine import free_port, median
from bench.ours import Uncork
from bench.serving import one
from bench.table import Table

MADE: Final = "/page"
KEPT: Final = "/kept"

# By the row: CPU microseconds a request, and requests a second, one of a round.
Figures = dict[str, list[tuple[float, float]]]


def measure(ours: Uncork, folder: Path, rounds: int) -> tuple[Table, ...]:
    """Load both pages in turn, some rounds long; `ours` is running already, without a cache."""
    figures: Figures = defaultdict(list)
    cached = Uncork(folder / "cached", free_port())
    (cached.project / "uncork.toml").write_text('name = "guests"\napp = "guests:app"\ncache = true\n')
    cached.start()
    try:
        for _ in range(rounds):
            figures["made anew, the cache off"].append(one(ours, MADE))
            figures["made anew, the cache on"].append(one(cached, MADE))
            figures["kept"].append(one(cached, KEPT))
    finally:
        cached.stop()
    return (_table(figures, rounds),)


def _table(figures: Figures, rounds: int) -> Table:
    head = ("", "CPU us a request", "requests/s", "times without", "requests/s of each round")
    least = median(rate for _, rate in next(iter(figures.values())))
    rows = tuple(_row(name, seen, least) for name, seen in figures.items())
    return Table(
        "A page from the cache", head, rows, (f"Medians of {rounds} rounds. The page is `{MADE}`, a template.",)
    )


def _row(name: str, seen: list[tuple[float, float]], least: float) -> tuple[str, ...]:
    cpu, rate = median(each for each, _ in seen), median(each for _, each in seen)
    return (name, f"{cpu:.0f}", f"{rate:.0f}", f"{rate / least:.1f}", " ".join(f"{each:.0f}" for _, each in seen))
