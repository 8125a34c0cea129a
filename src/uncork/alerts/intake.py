"""From files that were taken to the database: each line is counted once, whenever this is killed."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from uncork.alerts.groups import Groups, Tally
from uncork.alerts.occurrence import LONGEST, decode
from uncork.app_layout import AppLayout
from uncork.machine.database import transaction
from uncork.machine.files import opened

AT_ONCE: Final = 200
"""So many groups are held in memory before they go into the database."""
DROPPED: Final = "dropped"
"""Errors that found the spool full, or that their process could not write."""
TORN: Final = "torn"
"""Lines that nothing can be made of."""
FORGOTTEN: Final = "forgotten"
"""Errors of groups that were too many."""


class Intake:
    """Reads what was taken into a database."""

    def __init__(self, database: sqlite3.Connection, layout: AppLayout, now: float) -> None:
        self._database = database
        self._layout = layout
        self._now = now
        self._losses: dict[str, int] = {}

    def put_away(self, path: Path) -> None:
        """Count what is in a file, and remove it; also what a writer that was late adds meanwhile.

        What was read of it is noted in the transaction that counts it. Raises OSError or sqlite3.Error: then the file
        is still there, and the next time goes on where this one got to.
        """
        while self._read_on(path):
            pass
        path.unlink()
        self._database.execute("DELETE FROM taken WHERE name = ?", (path.name,))

    def _read_on(self, path: Path) -> bool:
        """Count what was not yet; return whether there was anything."""
        row = self._database.execute("SELECT read FROM taken WHERE name = ?", (path.name,)).fetchone()
        begin = int(row["read"]) if row else 0
        with opened(path) as file, transaction(self._database):
            file.seek(begin)
            self._losses = {}
            if path.name.startswith(self._layout.dropped.name):
                self._lose(DROPPED, len(file.read()))
            else:
                self._count(file)
            end = file.tell()
            self._database.execute("INSERT OR REPLACE INTO taken VALUES (?, ?)", (path.name, end))
            self._note_losses()
        return end > begin

    def _count(self, file: BinaryIO) -> None:
        groups = Groups(self._database)
        for tallies in self._tallies(file):
            for tally in tallies:
                groups.add(tally)
        self._lose(FORGOTTEN, groups.prune())

    def _tallies(self, file: BinaryIO) -> Iterator[tuple[Tally, ...]]:
        found: dict[str, Tally] = {}
        while line := file.readline(LONGEST):  # one that never ends comes in pieces, and is none
            self._add(line, found)
            if len(found) >= AT_ONCE:
                yield tuple(found.values())
                found = {}
        yield tuple(found.values())

    def _add(self, line: bytes, found: dict[str, Tally]) -> None:
        if not line.strip():
            return
        one = decode(line) if len(line) < LONGEST else None
        if one is None:
            self._lose(TORN, 1)
            return
        self._lose(DROPPED, one.dropped)
        time = min(one.time, self._now)
        found.setdefault(one.fp, Tally(one.fp, time, time)).add(one, time)

    def _lose(self, kind: str, count: int) -> None:
        self._losses[kind] = self._losses.get(kind, 0) + count

    def _note_losses(self) -> None:
        self._database.executemany(
            "INSERT INTO losses VALUES (?, ?, ?)"
            " ON CONFLICT (kind) DO UPDATE SET count = count + excluded.count, untold = untold + excluded.untold",
            [(kind, count, count) for kind, count in self._losses.items() if count],
        )
