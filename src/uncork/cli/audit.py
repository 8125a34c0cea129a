"""`uncork audit`: who changed what on a machine set up for serving."""

from typing import TYPE_CHECKING, Final

import click

from uncork.cli.options import Asked, asks
from uncork.cli.output import emit, fields, state, table

if TYPE_CHECKING:
    from uncork.records import AuditEntry

_HEAD: Final = ("WHEN", "WHO", "FROM", "WHAT", "APP", "RELEASE", "RESULT", "SECONDS", "PROBLEM")


@click.command("audit")
@click.option("-n", "most", metavar="N", type=click.IntRange(1), default=50, show_default=True, help="So many lines.")
@asks()
def command(asked: Asked, most: int) -> None:
    """List who changed what on this machine, from where, and how it ended; the latest is the last.

    It is kept on a machine set up for serving, for root's uncork. --app leaves out what was done to other apps.
    """
    from uncork.workflows.audit import entries

    found = entries(asked.layout, asked.app, most)
    if asked.json:
        emit({"changes": [fields(entry) for entry in found]})
    else:
        click.echo(table(_HEAD, [_row(entry) for entry in found]))


def _row(entry: "AuditEntry") -> tuple[str, ...]:
    who = entry.who if entry.who == entry.account else f"{entry.who} ({entry.account})"
    release = "" if entry.release is None else str(entry.release)
    problem = entry.problem.partition("\n")[0]
    told = (entry.when, who, entry.origin or "here", entry.what, entry.app, release)
    return (*told, state(entry.result), f"{entry.seconds:.2f}", problem)
