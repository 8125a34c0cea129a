"""Figures as a person reads them."""

from datetime import date
from typing import Final

_TINY: Final = 0.001
_UNIT: Final = 1024


def number(value: float) -> str:
    """Return a count, as `12,345`."""
    return f"{value:,.0f}"


def several(count: int, noun: str) -> str:
    """Return how many there are, as `1 worker` or `12 workers`."""
    return f"{number(count)} {noun}{'' if count == 1 else 's'}"


def share(part: float | None) -> str:
    """Return a part of a whole, as `0.21 %`; what is little is not called nothing."""
    if part is None:
        return "-"
    percent = part * 100
    digits = 2 if 0 < percent < 1 or 99 < percent < 100 else 1  # noqa: PLR2004 -- where digits tell
    rounded = f"{percent:.{digits}f}"
    if part and not float(rounded):
        return "< 0.01 %"
    return f"{rounded.removesuffix('.0')} %" if part == 1 or float(rounded) != 100 else "> 99.99 %"  # noqa: PLR2004


def duration(seconds: float | None) -> str:
    """Return how long something took, as `120 ms` or `1.25 s`."""
    if seconds is None:
        return "-"
    if seconds < _TINY:
        return "< 1 ms"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:,.0f} s"  # noqa: PLR2004


def size(count: float) -> str:
    """Return an amount of bytes, as `1.5 MB`; units are of 1024."""
    for unit in ("B", "kB", "MB", "GB"):
        if abs(count) < _UNIT:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= _UNIT
    return f"{count:.1f} TB"


def change(now: float | None, before: float | None) -> str:
    """Return by how much a figure changed, as `+12 %`; "" where there is nothing to compare."""
    if now is None or not before:
        return ""
    percent = (now - before) / abs(before) * 100
    if abs(percent) >= 900:  # noqa: PLR2004
        return f"{now / before:,.0f} times as much"
    return f"{percent:+.0f} %" if round(percent) else "about the same"


def weekday(day: date) -> str:
    """Return a day, as `Saturday, 21 November 2026`."""
    return f"{day:%A}, {day.day} {day:%B %Y}"


def plain(text: str) -> str:
    """Return what an app or a visitor named, in a line, without what a terminal would act on."""
    return "".join(mark if mark.isprintable() else " " for mark in text)
