"""One step of what is done to a machine, as it is told, and how far it has got."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from uncork.report import Meter, Reporter

OFTEN: Final = 0.1
"""Seconds between two tellings of how far a step has got."""


@contextmanager
def step(report: Reporter, why: str) -> Iterator[None]:
    """Tell that a step has begun, and when it is done how long it took."""
    report.begin(why)
    begun = time.monotonic()
    yield
    report.end(why, time.monotonic() - begun)


def metered(report: Reporter, why: str) -> Callable[[int, int], None]:
    """Return what hears how many bytes of a step have gone, of how many, and tells it where somebody looks on."""
    last = 0.0

    def so_far(done: int, whole: int) -> None:
        nonlocal last
        if isinstance(report, Meter) and time.monotonic() - last >= OFTEN:
            last = time.monotonic()
            report.so_far(f"{why}: {done / 1e6:.0f} of {whole / 1e6:.0f} MB")

    return so_far
