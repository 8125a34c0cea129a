"""Makes a machine what it was before it was set up: all of uncork's goes from it, but the logs."""

from dataclasses import dataclass

from uncork.errors import UserError
from uncork.recipes.setup.change import Bundle, Change, Packages
from uncork.recipes.setup.record import Machine
from uncork.recipes.setup.removal import removal
from uncork.recipes.setup.seen import Seen
from uncork.remote import hands
from uncork.remote.audit import audited
from uncork.remote.look import look
from uncork.remote.progress import step
from uncork.remote.ssh import Connection
from uncork.report import Reporter


@dataclass(frozen=True)
class Removal:
    """What would be taken back on a machine, and what is on it: nothing if it was never set up."""

    seen: Seen
    machine: Machine | None
    changes: tuple[Change, ...]


def planned(connection: Connection) -> Removal:
    """Return what removing uncork from a machine would change. Nothing has been changed."""
    seen, machine = look(connection)
    return Removal(seen, machine, removal(seen, machine) if machine else ())


def remove(connection: Connection, plan: Removal, report: Reporter) -> None:
    """Make the changes. What was cut short goes on where it was when it is called again. Raises UserError."""
    if not plan.changes:
        return
    with audited(connection, "server remove"):
        for change in plan.changes:
            with step(report, change.what):
                _make(connection, change, report)


def _make(connection: Connection, change: Change, report: Reporter) -> None:
    for one in change.steps:
        if isinstance(one, Packages | Bundle):  # a removal has none
            continue
        try:
            hands.carry_out(connection, one)
        except UserError as error:
            if not change.tolerant:
                raise
            report.note(f"{error.problem}\n{error.detail}".rstrip())
