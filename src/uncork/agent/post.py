"""One app's outbox, emptied in a thread of its own: a mail server that hangs holds up nothing else."""

import time
from typing import Final

from uncork.agent.apps import Live
from uncork.agent.lane import Lane
from uncork.alerts.delivery import deliver
from uncork.alerts.obstacle import Obstacle
from uncork.machine.files import size

PAUSE: Final = 10.0
"""Seconds after which the outbox is looked at though nothing was put in: something may be due to be tried again."""

_Look = tuple[int, int]


class Post:
    """Delivers what waits, one delivery at a time."""

    def __init__(self) -> None:
        self._lane: Lane[Obstacle | None] = Lane()
        self._seen: _Look | None = None
        self._next = 0.0

    def deliver(self, live: Live, now: float) -> None:
        """Begin a delivery, if something may be in the outbox and none is under way."""
        look = _look(live)
        if not self._lane.is_free or look is None or (look == self._seen and now < self._next):
            return
        self._seen, self._next = look, now + PAUSE
        self._lane.begin(lambda: deliver(live.layout, live.release, time.time()))

    @property
    def has_news(self) -> bool:
        """Whether a delivery has ended."""
        return self._lane.has_ended

    def collect(self) -> Obstacle | None:
        """Return what is wrong since the last delivery, or raise what it raised."""
        return self._lane.collect()

    def wait(self, seconds: float) -> None:
        """Let the mail in hand be sent, for so many seconds at most."""
        self._lane.wait(seconds)


def _look(live: Live) -> _Look | None:
    """What differs when somebody wrote to the database: that goes into a file beside it first, SQLite's WAL."""
    try:
        log = live.layout.errors.with_name(f"{live.layout.errors.name}-wal")
        return live.layout.errors.stat().st_mtime_ns, log.stat().st_mtime_ns
    except FileNotFoundError:
        return (0, 0) if size(live.layout.errors) else None
