"""The messages that wait for a sender, and how the senders fare."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from uncork.alerts.due import Told
from uncork.alerts.obstacle import Obstacle
from uncork.alerts.senders.sender import Misconfigured, Partly, Refused, SenderError, Unconfirmed
from uncork.notices import Message

REPORTS: Final = 7
"""As many reports wait for a mail server that is away; older ones give way."""
PATIENCE: Final = 5 * 86400.0
"""Seconds after which a message that no one takes is given up, as mail servers do (RFC 5321, 4.5.4.1)."""
KEPT: Final = 30 * 86400.0
DAY: Final = 86400.0
HOUR: Final = 3600.0
BACKOFF: Final = 10.0
LONGEST_BACKOFF: Final = 600.0
UNCONFIRMED: Final = 3
"""A mail that was sent so often without an answer is not sent again: it may have arrived each time."""
ERRORS: Final = ("error", "regression", "digest")


@dataclass(frozen=True)
class Entry:
    """A message for one sender. `written` is in epoch seconds, `attempts` those that failed."""

    number: int
    name: str
    message: Message
    written: float
    attempts: int


class Outbox:
    """The messages of a database; what changes more than a line of it is called inside a transaction."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def post(self, message: Message, name: str, senders: Sequence[str], now: float) -> None:
        """Put a message in for each of the senders, unless one of that name is or was there."""
        values = (name, message.kind, message.subject, message.text, message.html, now)
        self._database.executemany(
            "INSERT INTO outbox (name, kind, subject, text, html, written, sender) VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (name, sender) DO NOTHING",
            [(*values, sender) for sender in senders],
        )
        self._database.execute(
            "DELETE FROM outbox WHERE kind = 'report' AND state = 'waiting' AND name NOT IN (SELECT DISTINCT name"
            " FROM outbox WHERE kind = 'report' AND state = 'waiting' ORDER BY number DESC LIMIT ?)",
            (REPORTS,),
        )

    def told(self, since: float, now: float) -> tuple[Told, ...]:
        """Return the mails about errors that were made after `since`; older ones that wait still count as made now."""
        made = self._database.execute("SELECT at, is_digest FROM mails WHERE at > ?", (since,)).fetchall()
        waiting = self._database.execute(
            "SELECT DISTINCT name, kind FROM outbox WHERE state = 'waiting' AND kind IN (?, ?, ?) AND written <= ?",
            (*ERRORS, since),
        ).fetchall()
        return (
            *(Told(row["at"], bool(row["is_digest"])) for row in made),
            *(Told(now, row["kind"] == "digest") for row in waiting),
        )

    def note(self, now: float, *, is_digest: bool) -> None:
        """Note that a mail about errors was made."""
        self._database.execute("INSERT INTO mails VALUES (?, ?)", (now, is_digest))
        self._database.execute("DELETE FROM mails WHERE at < ?", (now - DAY,))
        self._database.execute("DELETE FROM outbox WHERE state != 'waiting' AND written < ?", (now - KEPT,))

    def is_waiting(self, now: float) -> bool:
        """Return whether any message waits, or would if the settings were others."""
        found = self._database.execute(
            "SELECT 1 FROM outbox WHERE state = 'waiting' OR (state = 'given up' AND written > ?) LIMIT 1", (now - DAY,)
        )
        return bool(found.fetchone())

    def next(self, sender: str, now: float) -> Entry | None:
        """Return what a sender is to send, what failed least first; None if nothing waits, or the sender rests."""
        row = self._database.execute(
            "SELECT * FROM outbox WHERE sender = ? AND state = 'waiting'"
            " AND NOT EXISTS (SELECT 1 FROM senders WHERE senders.name = outbox.sender AND rests > ?)"
            " ORDER BY attempts, number LIMIT 1",
            (sender, now),
        ).fetchone()
        if row is None:
            return None
        message = Message(row["subject"], row["text"], row["html"], row["kind"])
        return Entry(row["number"], row["name"], message, row["written"], row["attempts"])

    def sent(self, entry: Entry, sender: str) -> None:
        """Note that an entry was sent: whatever was wrong with the sender is over."""
        self._mark(entry, "sent")
        self._database.execute(
            "UPDATE senders SET failures = 0, rests = 0, problem = '', fix = '', since = 0 WHERE name = ?", (sender,)
        )

    def failed(self, entry: Entry, sender: str, error: SenderError, now: float) -> None:
        """Note that an entry was not sent, and decide whether and when it is tried again."""
        if isinstance(error, Partly):
            self.sent(entry, sender)
        elif _is_over(entry, error, now):
            self._mark(entry, "given up", error.problem)
        else:
            self._database.execute("UPDATE outbox SET attempts = attempts + 1 WHERE number = ?", (entry.number,))
            self._rest(sender, error, now)
        self._database.execute(
            "UPDATE senders SET problem = ?, fix = ?, since = CASE since WHEN 0 THEN ? ELSE since END WHERE name = ?",
            (error.problem, error.fix, now, sender),
        )

    def meet(self, sender: str, settings: str, now: float) -> None:
        """Let a sender whose settings have changed try again at once, with what it gave up in the last day too."""
        known = self._database.execute("SELECT settings FROM senders WHERE name = ?", (sender,)).fetchone()
        if known and known["settings"] == settings:
            return
        self._database.execute("INSERT OR REPLACE INTO senders (name, settings) VALUES (?, ?)", (sender, settings))
        self._database.execute(
            "UPDATE outbox SET state = 'waiting', attempts = 0 WHERE sender = ? AND state = 'given up' AND written > ?",
            (sender, now - DAY),
        )

    def obstacle(self) -> Obstacle | None:
        """Return what is wrong with the sender that has been failing the longest; None if all is well."""
        row = self._database.execute("SELECT * FROM senders WHERE since > 0 ORDER BY since LIMIT 1").fetchone()
        if row is None:
            return None
        return Obstacle(row["problem"], row["fix"], row["since"], self.waiting(row["name"]))

    def waiting(self, sender: str) -> int:
        """Return how many messages wait for a sender."""
        found = self._database.execute(
            "SELECT count(*) FROM outbox WHERE sender = ? AND state = 'waiting'", (sender,)
        ).fetchone()
        return int(found[0])

    def _rest(self, sender: str, error: SenderError, now: float) -> None:
        """Let a sender rest, twice as long after each failure in a row."""
        row = self._database.execute("SELECT failures FROM senders WHERE name = ?", (sender,)).fetchone()
        failures = row["failures"] if row else 0
        pause = HOUR if isinstance(error, Misconfigured) else min(LONGEST_BACKOFF, BACKOFF * 2 ** min(failures, 10))
        self._database.execute(
            "UPDATE senders SET failures = failures + 1, rests = ? WHERE name = ?", (now + pause, sender)
        )

    def _mark(self, entry: Entry, state: str, problem: str = "") -> None:
        self._database.execute(
            "UPDATE outbox SET state = ?, problem = ? WHERE number = ?", (state, problem, entry.number)
        )


def _is_over(entry: Entry, error: SenderError, now: float) -> bool:
    """Whether an entry is not tried again."""
    if now - entry.written > PATIENCE:
        return True
    if isinstance(error, Unconfirmed):
        return entry.attempts + 1 >= UNCONFIRMED
    return isinstance(error, Refused) and not isinstance(error, Misconfigured)
