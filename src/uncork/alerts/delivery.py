"""From the outbox to the senders: what fails for now is tried again, later and later, and nothing is sent twice."""

import platform
import sqlite3
from typing import TYPE_CHECKING, Final

from uncork.alerts import settings, store
from uncork.alerts.obstacle import Obstacle
from uncork.alerts.outbox import Outbox
from uncork.alerts.senders.sender import SenderError
from uncork.app_layout import AppLayout
from uncork.machine.database import transaction
from uncork.model import Release
from uncork.notices import Message

if TYPE_CHECKING:
    from uncork.alerts.senders.sender import Sender

AT_ONCE: Final = 20
"""So many messages a sender sends in one go."""


def post(layout: AppLayout, release: Release, message: Message, name: str, now: float) -> bool:
    """Put a message into the outbox, for every sender that the settings name; return whether there is any.

    `name` is what it is known by (`report-2026-11-22`): a second one of that name is not sent. Raises OSError or
    sqlite3.Error where it can't be kept.
    """
    names = [sender.name for sender in senders(release, settings_of(layout, release))]
    if names:
        with store.opened(layout.errors) as database, transaction(database):
            Outbox(database).post(message, name, names, now)
    return bool(names)


def deliver(layout: AppLayout, release: Release, now: float) -> Obstacle | None:
    """Send what waits in the app's outbox and may be tried at `now` (epoch seconds); return what is wrong, if anything.

    It may block for the deadline of a conversation (30 s), and for a few of them in a row, so it is for a thread of its
    own; only one at a time may run for an app. An obstacle stands until something was sent again, over restarts too.
    """
    if not layout.errors.exists():
        return None
    try:
        with store.opened(layout.errors) as database:
            if Outbox(database).is_waiting(now):
                _send_all(database, layout, release, now)
            return Outbox(database).obstacle()
    except (OSError, sqlite3.Error) as error:
        return Obstacle(f"can't keep what is to be sent in {layout.alerts}: {error}", "make room on the disk", now)


def preload() -> None:
    """Import and read all that collecting and sending will need, for a process that is about to lose access to it."""
    from uncork.alerts import messages
    from uncork.alerts.senders import registry
    from uncork.alerts.senders.connection import trusted
    from uncork.alerts.senders.letter import letter

    found = settings.Settings(server="é", admins=("é@example.com",), webhook="http://é")
    messages.preload()
    for _ in registry.configured(found):
        letter(Message("é", "é", "é"), found, "", 0.0).as_bytes()
    "é".encode("idna")
    trusted()


def settings_of(layout: AppLayout, release: Release) -> settings.Settings:
    """Return an app's settings on this machine."""
    return settings.read(layout, release, platform.node())


def senders(release: Release, found: settings.Settings) -> "tuple[Sender, ...]":
    """Return who brings messages, by an app's settings; none where nobody is to be told."""
    if settings.is_quiet(release):
        return ()
    from uncork.alerts.senders.registry import configured

    return configured(found)


def _send_all(database: sqlite3.Connection, layout: AppLayout, release: Release, now: float) -> None:
    found = settings_of(layout, release)
    for sender in senders(release, found):
        with transaction(database):
            Outbox(database).meet(sender.name, found.digest, now)
        _send(database, sender, now)


def _send(database: sqlite3.Connection, sender: "Sender", now: float) -> None:
    """Send what waits for one sender, until it rests. Each is marked right after: a kill here sends one twice."""
    outbox = Outbox(database)
    for _ in range(AT_ONCE):
        entry = outbox.next(sender.name, now)
        if entry is None:
            return
        try:
            sender.send(entry.message, entry.name, entry.written)
        except SenderError as error:
            with transaction(database):
                outbox.failed(entry, sender.name, error, now)
        else:
            with transaction(database):
                outbox.sent(entry, sender.name)
