"""One step of what is done to a machine, as it is told."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from uncork.report import Reporter


@contextmanager
def step(report: Reporter, why: str) -> Iterator[None]:
    """Tell that a step has begun, and when it is done how long it took."""
    report.begin(why)
    begun = time.monotonic()
    yield
    report.end(why, time.monotonic() - begun)
