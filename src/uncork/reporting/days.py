"""What is kept of each day: an SQLite file an app, written so that a kill loses nothing and counts nothing twice."""

import sqlite3
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import msgspec

from uncork.machine.database import connected, transaction
from uncork.reporting.looks import Day
from uncork.reporting.tally import ALL, OTHER, Key, Tallies, Tally
from uncork.reporting.unread import Position

KEPT: Final = 35
"""Days that are kept."""
ROUTES: Final = 200
"""Routes that a day knows by name."""
_SCHEMA: Final = """
    CREATE TABLE IF NOT EXISTS tallies (
        day TEXT, hour INTEGER, route TEXT, tally BLOB NOT NULL, PRIMARY KEY (day, hour, route)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS position (
        log TEXT PRIMARY KEY, device INTEGER, inode INTEGER, offset INTEGER, head BLOB
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS days (day TEXT PRIMARY KEY, looks BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS reported (day TEXT PRIMARY KEY) WITHOUT ROWID;
"""
ACCESS: Final = "access"
"""What the access log is called, of which the position is kept."""
_TALLY: Final = msgspec.json.Decoder(Tally)
_DAY: Final = msgspec.json.Decoder(Day)


@dataclass(frozen=True)
class Route:
    """A route of a day, with the method, and what its requests came to."""

    name: str
    tally: Tally


class Days:
    """The days of one app. Every method raises sqlite3.Error or OSError where the file can't be read or written."""

    def __init__(self, path: Path) -> None:
        """Open the file; one that is broken is put aside, and what the logs still tell counted anew."""
        self._connection = connected(path, _prepare)

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()

    def position(self, log: str = ACCESS) -> Position | None:
        """How far an access log was read; None at first."""
        found = self._connection.execute("SELECT device, inode, offset, head FROM position WHERE log = ?", (log,))
        row = found.fetchone()
        return Position(*row) if row else None

    def add(self, begun: Position | None, reached: Position, sums: Tallies, log: str = ACCESS) -> bool:
        """Add sums, and remember how far a log was read for them, both or neither.

        False, and nothing is added, if somebody else has read on from `begun` meanwhile.
        """
        with transaction(self._connection):
            if self.position(log) != begun:
                return False
            for key, more in sums.items():
                self._merge(key, more)
            row = (log, reached.device, reached.inode, reached.offset, reached.head)
            self._connection.execute("INSERT OR REPLACE INTO position VALUES (?, ?, ?, ?, ?)", row)
        return True

    def hours(self, day: str) -> dict[int, Tally]:
        """What each hour of a day came to; hours without a request are left out."""
        rows = self._connection.execute("SELECT hour, tally FROM tallies WHERE day = ? AND hour <> ?", (day, ALL))
        return {hour: _TALLY.decode(found) for hour, found in rows}

    def routes(self, day: str) -> tuple[Route, ...]:
        """What each route of a day came to."""
        rows = self._connection.execute("SELECT route, tally FROM tallies WHERE day = ? AND hour = ?", (day, ALL))
        return tuple(Route(name, _TALLY.decode(found)) for name, found in rows)

    def looks(self, day: str) -> Day | None:
        """What was seen of the app and the machine on a day."""
        row = self._connection.execute("SELECT looks FROM days WHERE day = ?", (day,)).fetchone()
        return _DAY.decode(row[0]) if row else None

    def latest(self, before: str) -> Day | None:
        """What was seen on the last day before one."""
        found = self._connection.execute("SELECT looks FROM days WHERE day < ? ORDER BY day DESC LIMIT 1", (before,))
        row = found.fetchone()
        return _DAY.decode(row[0]) if row else None

    def keep(self, day: str, looks: Day) -> None:
        """Keep what was seen on a day."""
        self._connection.execute("INSERT OR REPLACE INTO days VALUES (?, ?)", (day, msgspec.json.encode(looks)))

    def reported(self) -> str:
        """The last day whose report was sent; "" if none was."""
        row = self._connection.execute("SELECT max(day) FROM reported").fetchone()
        return row[0] or ""

    def report(self, day: str) -> None:
        """Remember that a day's report was sent."""
        self._connection.execute("INSERT OR REPLACE INTO reported VALUES (?)", (day,))

    def prune(self, today: date) -> None:
        """Forget days that are kept no longer."""
        oldest = (today - timedelta(days=KEPT)).isoformat()
        with transaction(self._connection):
            for table in ("tallies", "days", "reported"):
                self._connection.execute(f"DELETE FROM {table} WHERE day < ?", (oldest,))  # noqa: S608 -- our own names

    def _merge(self, key: Key, more: Tally) -> None:
        found = self._tally(key)
        if not found and key.hour == ALL and key.route != OTHER and self._full(key.day):
            key = Key(key.day, ALL, OTHER)
            found = self._tally(key)
        if found:
            more.add(found)
        row = (*key, msgspec.json.encode(more))
        self._connection.execute("INSERT OR REPLACE INTO tallies VALUES (?, ?, ?, ?)", row)

    def _tally(self, key: Key) -> Tally | None:
        asked = "SELECT tally FROM tallies WHERE day = ? AND hour = ? AND route = ?"
        row = self._connection.execute(asked, key).fetchone()
        return _TALLY.decode(row[0]) if row else None

    def _full(self, day: str) -> bool:
        asked = "SELECT count(*) FROM tallies WHERE day = ? AND hour = ?"
        return int(self._connection.execute(asked, (day, ALL)).fetchone()[0]) >= ROUTES


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.executescript(_SCHEMA)
