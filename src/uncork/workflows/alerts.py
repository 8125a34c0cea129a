"""A test of whether alerts reach anybody: one message by every sender, now, past the outbox."""

import secrets
import time
from dataclasses import dataclass, replace
from typing import Final

from uncork import facts as machine_facts
from uncork.alerts import messages
from uncork.alerts.delivery import settings_of
from uncork.alerts.senders.registry import configured
from uncork.alerts.senders.sender import Sender, SenderError
from uncork.alerts.settings import Settings, is_quiet
from uncork.config.values import shown
from uncork.errors import UsageError, UserError
from uncork.layout import Layout
from uncork.machine import processes
from uncork.machine.identity import acting_as
from uncork.workflows.work import existing

SET_UP: Final = (
    "name `server` and `admins` under [mail] in the config (or MAIL_SERVER and ADMINS in the app's own), "
    "then `uncork up`; the password goes to `uncork config set MAIL_PASSWORD`"
)


@dataclass(frozen=True)
class Tested:
    """Where test messages arrived, and what is to be noted."""

    app: str
    sent: tuple[str, ...]
    notes: tuple[str, ...] = ()


def test(layout: Layout, app: str, to: str | None) -> Tested:
    """Send a test message by every sender of the app, or by mail to one address only.

    Raises UsageError where nobody is to get any, and UserError with what went wrong with the first that failed.
    """
    release = existing(machine_facts.read(layout), app)
    with acting_as(processes.account()):
        found = settings_of(layout.app(app), release)
    senders = configured(_only(found, to) if to is not None else found)
    if not senders:
        raise UsageError(f"nobody gets the alerts of {app}: {_missing(found)}", SET_UP)
    sent = tuple(_send(sender, app, str(layout.home)) for sender in senders)
    quiet = f"in {release.environment} nobody is told of errors, as the config says: this was a test only"
    return Tested(app, sent, (quiet,) if is_quiet(release) else ())


def _only(found: Settings, to: str) -> Settings:
    if "@" not in to or not to.isprintable():
        raise UsageError(f"{shown(to)} is no address", "write one as somebody@example.com")
    return replace(found, admins=(to,), webhook="")


def _missing(found: Settings) -> str:
    if found.server:
        return f"mail would go by {found.server}, and there are no admins"
    return "no mail server is named, and no webhook"


def _send(sender: Sender, app: str, home: str) -> str:
    try:
        sender.send(messages.test(app, home), f"test-{secrets.token_hex(8)}", time.time())
    except SenderError as error:
        raise UserError(error.problem, error.fix) from error
    return sender.goal
