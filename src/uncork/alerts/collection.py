"""From the spool to groups, and from groups to what is to be sent: quick, and nobody is waited for."""

import secrets
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from uncork import facts
from uncork.alerts import spool, store
from uncork.alerts.delivery import senders, settings_of
from uncork.alerts.due import Due, due
from uncork.alerts.groups import Group, Groups
from uncork.alerts.intake import Intake
from uncork.alerts.obstacle import Obstacle
from uncork.alerts.outbox import Outbox
from uncork.alerts.story import Story
from uncork.app_layout import AppLayout
from uncork.machine.database import transaction
from uncork.model import Release
from uncork.notices import Message

FIX: Final = "make room on the disk, or mend the permissions of that folder; nothing is lost until then"


def collect(layout: AppLayout, release: Release, now: float) -> Obstacle | None:
    """Count what the app's workers have spooled, and put into the outbox what is due at `now` (epoch seconds).

    `release` is the one that serves. It touches files of the app's `alerts` folder alone, takes milliseconds, and may
    be called as often as one likes, while `deliver` runs in another thread or process too. It never raises for a full
    disk or a broken file: nothing is lost then, and the next call goes on; what it returns says what is wrong.
    """
    try:
        for path in (layout.spool, layout.dropped):
            spool.take(path)
        taken = spool.taken(layout.alerts)
        if taken or layout.errors.exists():
            _collect(layout, release, taken, now)
    except (OSError, sqlite3.Error) as error:
        return Obstacle(f"can't keep errors in {layout.alerts}: {error}", FIX, now)
    return None


def served(layout: AppLayout) -> tuple[int, ...]:
    """Return the releases that visitors were on, as far as the app's history goes back."""
    return tuple(event.release for event in facts.events(layout) if event.release and event.result == "ok")


def _collect(layout: AppLayout, release: Release, taken: Sequence[Path], now: float) -> None:
    with store.opened(layout.errors) as database:
        intake = Intake(database, layout, now)
        for path in taken:
            intake.put_away(path)
        groups = Groups(database)
        names = _senders(layout, release) if groups.waiting() else ()
        if names:
            with transaction(database):
                _Telling(database, layout, release, now).tell(names)


def _senders(layout: AppLayout, release: Release) -> tuple[str, ...]:
    """Return the names of those that bring messages; none where nobody is to be told."""
    return tuple(one.name for one in senders(release, settings_of(layout, release)))


class _Telling:
    """Makes the messages that are due, of all that is counted by now, in one transaction."""

    def __init__(self, database: sqlite3.Connection, layout: AppLayout, release: Release, now: float) -> None:
        self._database = database
        self._layout = layout
        self._mail = release.mail
        self._now = now
        self._outbox = Outbox(database)

    def tell(self, senders: Sequence[str]) -> None:
        """Put what is due into the outbox, and begin to count anew."""
        groups = Groups(self._database)
        told = self._outbox.told(self._now - self._mail.digest_after, self._now)
        found = due(groups.waiting(), told, self._mail, self._now)
        for message in self._messages(found):
            self._outbox.post(message, f"{message.kind}-{secrets.token_hex(8)}", senders, self._now)
            self._outbox.note(self._now, is_digest=message.kind == "digest")
        groups.settle(found, self._now)

    def _messages(self, found: Due) -> list[Message]:
        if not found.alone and not found.digest:
            return []
        from uncork.alerts import messages

        groups = Groups(self._database, served(self._layout))
        lost = self._lost()
        made = [messages.alone(self._story(groups, fp), 0 if number else lost) for number, fp in enumerate(found.alone)]
        if found.digest:
            made.append(messages.digest([self._story(groups, fp) for fp in found.digest], 0 if made else lost))
        return made

    def _story(self, groups: Groups, fp: str) -> Story:
        group: Group = groups.named(fp)[0]
        return Story(self._layout.app, group, next(iter(groups.samples(fp)), None))

    def _lost(self) -> int:
        """Return how many errors nothing is known of, once."""
        row = self._database.execute("SELECT coalesce(sum(untold), 0) FROM losses").fetchone()
        self._database.execute("UPDATE losses SET untold = 0")
        return int(row[0])
