"""Errors of one type and place are one group: what is known of it, and how its counts grow."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from uncork.alerts.due import Due, Waiting
from uncork.alerts.occurrence import Occurrence, decode, encode

OPEN: Final = "open"
RESOLVED: Final = "resolved"
MUTED: Final = "muted"
MOST: Final = 2000
SAMPLES: Final = 3
SHORT: Final = 6
LONGEST: Final = 4000
EMPTY: Final = "an error without a message"
LOST: Final = "unknown error: what was spooled of its first time is lost"


@dataclass(frozen=True)
class Group:
    """What is known of one kind of error. Times are epoch seconds.

    `untold` of its `count` occurrences were in no mail yet, and the app mailed `by_app` of them by itself. `releases`
    are those it was seen in, with how often; `before` is the last release that served before the first of them.
    """

    id: str
    fp: str
    type: str = ""
    message: str = ""
    place: str = ""
    level: str = ""
    logger: str = ""
    state: str = OPEN
    count: int = 0
    by_app: int = 0
    first_seen: float = 0.0
    last_seen: float = 0.0
    untold: int = 0
    since: float | None = None
    resolved_in: int = 0
    back: bool = False
    told: float | None = None
    releases: tuple[tuple[int, int], ...] = ()
    before: int | None = None

    @property
    def title(self) -> str:
        """What one calls it, in a line."""
        first = next(iter(self.message.strip().splitlines()), "")
        return ": ".join(part for part in (self.type, first) if part) or (EMPTY if self.level else LOST)

    @property
    def first_release(self) -> int:
        """The earliest release that it was seen in."""
        return min((release for release, _ in self.releases), default=0)

    @property
    def last_release(self) -> int:
        """The latest release that it was seen in."""
        return max((release for release, _ in self.releases), default=0)


@dataclass
class Tally:
    """What a spool holds of one group, counted by release; `mailable` leaves out what the app mails by itself."""

    fp: str
    first: float
    last: float
    all: dict[int, int] = field(default_factory=dict)
    mailable: dict[int, int] = field(default_factory=dict)
    sample: Occurrence | None = None

    def add(self, found: Occurrence, time: float) -> None:
        """Count one occurrence more; the latest that was spooled in full is the sample."""
        self.first, self.last = min(self.first, time), max(self.last, time)
        self.all[found.release] = self.all.get(found.release, 0) + 1
        if not found.sent_by_app:
            self.mailable[found.release] = self.mailable.get(found.release, 0) + 1
        if found.kind == "error":
            self.sample = found


class Groups:
    """The groups in a database; what changes them is called inside a transaction."""

    def __init__(self, database: sqlite3.Connection, served: Sequence[int] = ()) -> None:
        """Look at a database; `served` are the releases that visitors were on."""
        self._database = database
        self._served = served

    def add(self, tally: Tally) -> None:
        """Let a group grow; one that was resolved and is back in a later release is open again."""
        self._begin(tally)
        row = self._database.execute("SELECT state, resolved_in FROM groups WHERE fp = ?", (tally.fp,)).fetchone()
        is_back = row["state"] == RESOLVED and max(tally.all) > row["resolved_in"]
        if is_back:
            again = "UPDATE groups SET state = ?, back = 1, held = 0, mails = 0 WHERE fp = ?"
            self._database.execute(again, (OPEN, tally.fp))
        untold = 0
        if is_back or row["state"] == OPEN:
            since = row["resolved_in"] if is_back else -1
            untold = sum(count for release, count in tally.mailable.items() if release > since)
        self._grow(tally, untold)
        self._keep_sample(tally)

    def waiting(self) -> tuple[Waiting, ...]:
        """Return the groups that nobody was told all of."""
        rows = self._database.execute(
            "SELECT fp, since, told, mails, back, held FROM groups WHERE untold > 0 ORDER BY since, fp"
        )
        return tuple(
            Waiting(row["fp"], row["since"], row["told"], row["mails"], bool(row["back"]), bool(row["held"]))
            for row in rows
        )

    def settle(self, due: Due, now: float) -> None:
        """Note that a mail tells of these groups, all that is counted of them by now."""
        told = [(now, fp) for fp in (*due.alone, *due.digest)]
        self._database.executemany(
            "UPDATE groups SET untold = 0, since = NULL, told = ?, mails = mails + 1, back = 0, held = 0 WHERE fp = ?",
            told,
        )
        self._database.executemany("UPDATE groups SET held = 1 WHERE fp = ?", [(fp,) for fp in due.held])

    def named(self, name: str) -> tuple[Group, ...]:
        """Return the group of that id, else those whose fingerprint begins so."""
        exact = self._database.execute("SELECT * FROM groups WHERE id = ?", (name,)).fetchall()
        begun = "SELECT * FROM groups WHERE substr(fp, 1, ?) = ?"
        found = exact or self._database.execute(begun, (len(name), name)).fetchall()
        return tuple(self._group(row) for row in found)

    def all(self, states: Sequence[str]) -> tuple[Group, ...]:
        """Return the groups in these states, the last seen first."""
        marks = ", ".join("?" * len(states))
        found = self._database.execute(
            f"SELECT * FROM groups WHERE state IN ({marks}) ORDER BY last_seen DESC, fp",  # noqa: S608 -- marks
            tuple(states),
        )
        return tuple(self._group(row) for row in found.fetchall())

    def samples(self, fp: str) -> tuple[Occurrence, ...]:
        """Return what is kept in full of a group, the newest first."""
        found = self._database.execute("SELECT occurrence FROM samples WHERE fp = ? ORDER BY number DESC", (fp,))
        return tuple(sample for row in found if (sample := decode(row["occurrence"].encode())))

    def change(self, fp: str, state: str, release: int) -> None:
        """Put a group into a state; what nobody was told of it is not told any more. `release` is the latest."""
        self._database.execute(
            "UPDATE groups SET state = ?, resolved_in = ?, untold = 0, since = NULL, back = 0, held = 0 WHERE fp = ?",
            (state, release if state == RESOLVED else 0, fp),
        )

    def prune(self) -> int:
        """Forget the groups that are too many, longest unseen first; return how many untold errors they held."""
        over = self._database.execute(
            "SELECT fp, untold FROM groups ORDER BY untold > 0 DESC, last_seen DESC LIMIT -1 OFFSET ?", (MOST,)
        ).fetchall()
        for table in ("groups", "samples", "releases"):
            self._database.executemany(f"DELETE FROM {table} WHERE fp = ?", [(row["fp"],) for row in over])  # noqa: S608
        return sum(row["untold"] for row in over)

    def _begin(self, tally: Tally) -> None:
        """See that the group is there, and named as its newest sample is."""
        known = self._database.execute("SELECT id FROM groups WHERE fp = ?", (tally.fp,)).fetchone()
        sample = tally.sample or Occurrence("error", tally.fp, tally.last)
        names = (sample.type, sample.reason[:LONGEST], sample.place, sample.level, sample.logger)
        if known is None:
            self._database.execute(
                "INSERT INTO groups (type, message, place, level, logger, fp, id, first_seen, last_seen)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*names, tally.fp, self._short(tally.fp), tally.first, tally.last),
            )
        elif tally.sample:
            self._database.execute(
                "UPDATE groups SET type = ?, message = ?, place = ?, level = ?, logger = ? WHERE fp = ?",
                (*names, tally.fp),
            )

    def _short(self, fp: str) -> str:
        """Return the first digits, as many as no other group has."""
        for length in range(SHORT, len(fp)):
            if not self._database.execute("SELECT 1 FROM groups WHERE id = ?", (fp[:length],)).fetchone():
                return fp[:length]
        return fp

    def _grow(self, tally: Tally, untold: int) -> None:
        count, first = sum(tally.all.values()), tally.first
        values = (count, count - sum(tally.mailable.values()), untold, first, tally.last, untold, first, tally.fp)
        self._database.execute(
            "UPDATE groups SET count = count + ?, by_app = by_app + ?, untold = untold + ?,"
            " first_seen = min(first_seen, ?), last_seen = max(last_seen, ?),"
            " since = CASE WHEN untold + ? > 0 THEN coalesce(since, ?) END WHERE fp = ?",
            values,
        )
        self._database.executemany(
            "INSERT INTO releases VALUES (?, ?, ?)"
            " ON CONFLICT (fp, release) DO UPDATE SET count = count + excluded.count",
            [(tally.fp, release, times) for release, times in tally.all.items()],
        )

    def _keep_sample(self, tally: Tally) -> None:
        if not tally.sample:
            return
        self._database.execute("INSERT INTO samples (fp, occurrence) VALUES (?, ?)", (tally.fp, encode(tally.sample)))
        self._database.execute(
            "DELETE FROM samples WHERE fp = ? AND number NOT IN"
            " (SELECT number FROM samples WHERE fp = ? ORDER BY number DESC LIMIT ?)",
            (tally.fp, tally.fp, SAMPLES),
        )

    def _group(self, row: sqlite3.Row) -> Group:
        found = self._database.execute(
            "SELECT release, count FROM releases WHERE fp = ? ORDER BY release", (row["fp"],)
        ).fetchall()
        releases = tuple((int(one["release"]), int(one["count"])) for one in found)
        values = {name: row[name] for name in Group.__dataclass_fields__ if name not in {"releases", "before", "back"}}
        first = min((release for release, _ in releases), default=0)
        before = max((release for release in self._served if release < first), default=None)
        return Group(**values, back=bool(row["back"]), releases=releases, before=before)
