"""Small charts out of table cells: mail programs show neither SVG nor scripts, nor pictures from elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from uncork.reporting.report import Hour
from uncork.reporting.words import duration, number

HEIGHT: Final = 56
"""Pixels of the highest column."""
BLUE: Final = "#3b82f6"
VIOLET: Final = "#8b5cf6"
_BLOCKS: Final = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class Column:
    """An hour's column, in pixels: what went well, and on top of it what failed; `says` is shown by a pointer."""

    well: int
    failed: int
    says: str


@dataclass(frozen=True)
class Chart:
    """Columns for the hours of a day, with the words above them."""

    title: str
    colour: str
    columns: tuple[Column, ...]


def charts(hours: Sequence[Hour]) -> tuple[Chart, ...]:
    """Return the charts of a day; none for a day without requests."""
    most = max((hour.requests for hour in hours), default=0)
    if not most:
        return ()
    slowest = max(hour.p95 or 0.0 for hour in hours)
    requests = tuple(_requests(hour, index, most) for index, hour in enumerate(hours))
    times = tuple(_time(hour, index, slowest) for index, hour in enumerate(hours))
    return (
        Chart(f"Requests by the hour; {number(most)} at most", BLUE, requests),
        Chart(f"p95 by the hour; {duration(slowest)} at most", VIOLET, times),
    )


def line(values: Sequence[float]) -> str:
    """Return values as a line of blocks, a character each; what is not nothing shows."""
    most = max(values, default=0.0)
    return "".join(_BLOCKS[_height(value, most, len(_BLOCKS) - 1)] for value in values)


def _requests(hour: Hour, index: int, most: int) -> Column:
    failed = _height(hour.failed, most, HEIGHT)
    says = f"{index}:00 {number(hour.requests)} requests, {number(hour.failed)} failed"
    return Column(max(0, _height(hour.requests, most, HEIGHT) - failed), failed, says)


def _time(hour: Hour, index: int, slowest: float) -> Column:
    return Column(_height(hour.p95 or 0.0, slowest, HEIGHT), 0, f"{index}:00 {duration(hour.p95)}")


def _height(value: float, most: float, full: int) -> int:
    return max(1, round(value / most * full)) if value and most else 0
