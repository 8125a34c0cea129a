"""An app's access log, counted as it grows, through rotation: what a kill interrupts is counted once all the same."""

from datetime import date
from pathlib import Path
from typing import Final

from uncork.app_layout import AppLayout
from uncork.reporting.days import ACCESS, Days
from uncork.reporting.tally import tally
from uncork.reporting.unread import pieces

MOST: Final = 32
"""Pieces, of a megabyte each, that are counted at once: others of the agent's duties wait meanwhile."""

OUTSIDE: Final = "outside"
"""The access log that a front of the machine's writes."""

_Seen = tuple[int, int, int]


class Traffic:
    """One app's traffic. Nothing is kept open but the database, and while no request comes one stat(2) is all."""

    def __init__(self, layout: AppLayout) -> None:
        self._logs = {ACCESS: layout.access_log, OUTSIDE: layout.outside_access_log}
        self._path = layout.traffic
        self._days: Days | None = None
        self._file: int | None = None
        self._seen: dict[str, _Seen] = {}
        self._pruned: date | None = None

    def days(self) -> Days:
        """The database, opened when it is needed first, or was put in place anew. Raises sqlite3.Error or OSError."""
        if self._days and self._file != _inode(self._path):
            self.close()
        if not self._days:
            self._path.parent.mkdir(mode=0o700, exist_ok=True)
            self._days = Days(self._path)
            self._file = _inode(self._path)
        return self._days

    def count(self, today: date) -> bool:
        """Count what was written since; return whether that was all, else there is more than one call counts.

        Raises sqlite3.Error or OSError where a log can't be read, or the database not be written.
        """
        done = [self._count(log, today) for log in self._logs]
        return all(done)

    def _count(self, log: str, today: date) -> bool:
        path = self._logs[log]
        seen = _look(path)
        if seen is None or seen == self._seen.get(log):
            return True
        self._prune(today)
        days = self.days()
        begun = days.position(log)
        for number, piece in enumerate(pieces(path, begun), 1):
            if number > MOST or not days.add(begun, piece.reached, tally(piece.lines), log):
                return False
            begun = piece.reached
        if begun and begun.inode == seen[1]:
            self._seen[log] = seen
        return True

    def close(self) -> None:
        """Let the database go."""
        if self._days:
            self._days.close()
        self._days = None
        self._seen = {}

    def _prune(self, today: date) -> None:
        if self._pruned != today:
            self.days().prune(today)
            self._pruned = today


def _look(path: Path) -> _Seen | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size


def _inode(path: Path) -> int | None:
    look = _look(path)
    return look[1] if look else None
