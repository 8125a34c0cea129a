"""The errors of an app, grouped: which there are, what is known of one, and what is to become of it."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NoReturn, TypeVar

from uncork import facts as machine_facts
from uncork.alerts import store
from uncork.alerts.collection import served
from uncork.alerts.groups import MUTED, OPEN, RESOLVED, Group, Groups
from uncork.alerts.intake import DROPPED, FORGOTTEN, TORN
from uncork.alerts.occurrence import Occurrence
from uncork.alerts.story import Story
from uncork.app_layout import AppLayout
from uncork.config.values import shown
from uncork.errors import UsageError, UserError
from uncork.layout import Layout
from uncork.machine import processes
from uncork.machine.database import transaction
from uncork.machine.files import size
from uncork.machine.identity import acting_as
from uncork.report import Silent
from uncork.workflows.audit import audited

Found = TypeVar("Found")
STATES: Final = (OPEN, RESOLVED, MUTED)
LOSSES: Final = {
    DROPPED: "found the spool full, or no room on the disk",
    TORN: "were lines in the spool that nothing can be made of",
    FORGOTTEN: "were of groups that became too many",
}


@dataclass(frozen=True)
class Listed:
    """The groups that were asked for, the last seen first, how many others there are, and what is to be noted."""

    groups: tuple[Group, ...] = ()
    others: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shown:
    """All that is known of one group: its story, and the occurrences that are kept in full, the newest first."""

    story: Story
    samples: tuple[Occurrence, ...] = ()


def listed(layout: Layout, app: str, *, everything: bool) -> Listed:
    """Return the open groups of an app, or all of them."""
    paths = layout.app(app)

    def look(database: sqlite3.Connection) -> Listed:
        groups = Groups(database, served(paths)).all(STATES)
        found = tuple(group for group in groups if everything or group.state == OPEN)
        return Listed(found, len(groups) - len(found), _losses(database))

    kept = _within(paths, look) or Listed()
    waits = ("errors wait to be counted; `uncork status` says whether the agent does",) if size(paths.spool) else ()
    return Listed(kept.groups, kept.others, (*kept.notes, *waits))


def show(layout: Layout, app: str, name: str) -> Shown:
    """Return all that is known of a group. Raises UsageError for a name that none has, or several have."""
    paths = layout.app(app)

    def look(database: sqlite3.Connection) -> Shown:
        group = _one(Groups(database, served(paths)).named(name), app, name)
        samples = Groups(database).samples(group.fp)
        return Shown(Story(app, group, next(iter(samples), None)), samples)

    return _within(paths, look) or _none(app, name)


def change(layout: Layout, app: str, name: str, state: str) -> Group:
    """Put a group into a state, and return it; it is resolved in the latest release that there is."""
    paths = layout.app(app)
    live = machine_facts.read(layout).app(app).live

    def write(database: sqlite3.Connection) -> Group:
        groups = Groups(database, served(paths))
        with transaction(database):
            group = _one(groups.named(name), app, name)
            groups.change(group.fp, state, max(group.last_release, live.release if live else 0))
        return groups.named(group.fp)[0]

    with audited(layout, app, f"errors: {name} {state}", Silent()):
        return _within(paths, write) or _none(app, name)


def _within(paths: AppLayout, act: Callable[[sqlite3.Connection], Found]) -> Found | None:
    """Return what becomes of the database, touched as the account that it belongs to; None if there is none."""
    try:
        with acting_as(processes.account()):
            if not paths.errors.exists():
                return None
            with store.opened(paths.errors) as database:
                return act(database)
    except (OSError, sqlite3.Error) as error:
        raise UserError(
            f"can't open {paths.errors}: {error}",
            "run this as who ran `uncork up`, or as root, and see that the disk is not full",
        ) from error


def _losses(database: sqlite3.Connection) -> tuple[str, ...]:
    rows = database.execute("SELECT kind, count FROM losses WHERE count > 0 ORDER BY kind").fetchall()
    return tuple(f"{row['count']} more {LOSSES[row['kind']]}" for row in rows)


def _one(found: tuple[Group, ...], app: str, name: str) -> Group:
    if len(found) > 1:
        ids = ", ".join(group.id for group in found[:5])
        raise UsageError(f"several errors of {app} begin with {shown(name)}", f"name one of them: {ids}")
    return found[0] if found else _none(app, name)


def _none(app: str, name: str) -> NoReturn:
    raise UsageError(f"{app} has no error {shown(name)}", f"`uncork errors --all --app {app}` lists those there are")
