"""The status report: what each app's day was like, kept up by the agent, sent once a day, shown when asked for."""

from uncork.layout import Layout
from uncork.model import Release


class Reports:
    """What the agent does for the status report of every app; it keeps databases open, so one is enough."""

    def __init__(self, layout: Layout) -> None:
        raise NotImplementedError

    def tick(self, release: Release, now: float) -> str:
        """Count what the app of a live release served, look at it each minute, and post its report when it is due.

        To be called each second, by whoever rotates the logs; `now` is in epoch seconds. It costs a stat(2) while
        nothing happens, and half a second at most where much is to be caught up with. It never raises for a full disk
        or a broken file: it returns what is wrong, "" if nothing is, and the next call goes on.
        """
        raise NotImplementedError

    def close(self, app: str) -> None:
        """Let go what is kept of an app that is no more."""
        raise NotImplementedError


def preload() -> None:
    """Import and read all that `Reports` will need, for a process that is about to lose access to it."""
    raise NotImplementedError
