"""From the outbox to the senders: what fails for now is tried again, later and later, and nothing is sent twice."""

from uncork.alerts.trouble import Trouble
from uncork.layout import AppLayout
from uncork.model import Message, Release


def post(layout: AppLayout, release: Release, message: Message, name: str, now: float) -> bool:
    """Put a message into the outbox, for every sender that the settings name; return whether there is any.

    `name` is what it is known by (`report-2026-11-22`): a second one of that name is not sent.
    """
    raise NotImplementedError


def deliver(layout: AppLayout, release: Release, now: float) -> Trouble | None:
    """Send what waits in the app's outbox and may be tried at `now` (epoch seconds); return what is wrong, if anything.

    It may block for the deadline of a conversation (30 s), and for a few of them in a row, so it is for a thread of its
    own; only one at a time may run for an app. A trouble stands until something was sent again, over restarts too.
    """
    raise NotImplementedError


def preload() -> None:
    """Import and read all that collecting and sending will need, for a process that is about to lose access to it."""
    raise NotImplementedError
