"""Who serves an app: on a machine set up for serving its own user, else the one account that serves all."""

from typing import Final

from uncork.apply import apply
from uncork.layout import Layout
from uncork.machine import accounts, files, processes
from uncork.model import Account
from uncork.plan import File, Plan
from uncork.recipes.accounts import dismiss_group, dismiss_user, enroll
from uncork.report import Reporter

PATIENCE: Final = 60.0
"""Seconds that others may take to change the machine."""


def account_of(layout: Layout, app: str) -> Account | None:
    """Return who serves an app; None where that is ourselves."""
    own = accounts.of(app) if layout.machine and app else None
    return own or processes.account()


def prepare(layout: Layout, app: str, report: Reporter) -> None:
    """See that an app has a user of its own, on a machine set up for serving, with front and agent in its group.

    Raises UsageError where there is no nginx, or the user's name is somebody else's.
    """
    there = accounts.enrolled(app)
    agent = processes.account()
    if not layout.machine or agent is None or (there.user and there.ours and len(there.members) > 1):
        return
    from uncork.fronts.system_nginx import mark_of, site_name
    from uncork.machine import host

    members = (agent.name, host.user(site_name(mark_of(layout))))
    with files.hold_waiting(layout.lock, PATIENCE):  # there is no app yet whose lock could be held
        apply(Plan(enroll(app, accounts.enrolled(app), members)), agent, report)


def see_to_secrets(layout: Layout, app: str) -> None:
    """See that there is a file of secrets, on a machine set up for serving: systemd starts nothing without it."""
    path = layout.app(app).secrets
    if layout.machine and not path.exists():
        files.write(File(path, "", secret=True), processes.account())


def remove(layout: Layout, app: str, report: Reporter) -> None:
    """Remove the user that an app had; nothing of its must run any more."""
    if not layout.machine:
        return
    apply(Plan(cleanup=dismiss_user(app, accounts.enrolled(app))), None, report)
    apply(Plan(cleanup=dismiss_group(app, accounts.enrolled(app))), None, report)
