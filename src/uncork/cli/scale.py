"""`uncork scale`: give an app more processes, or fewer."""

from typing import TYPE_CHECKING, Final

import click

from uncork.cli.options import Asked, Goes, asks
from uncork.cli.output import emit
from uncork.cli.progress import progress
from uncork.cli.together import held_option, hold
from uncork.errors import ExitCode

if TYPE_CHECKING:
    from uncork.report import Reporter
    from uncork.workflows.take_over import Deployed, Settle

AUTO: Final = "auto"
MOST: Final = 1024


def _count(_: click.Context, __: click.Parameter, said: str) -> int | None:
    """Return the number; None stands for `auto`."""
    if said == AUTO:
        return None
    if said.isdecimal() and 1 <= int(said) <= MOST:
        return int(said)
    raise click.BadParameter(f"{said!r} is no number of processes; write one from 1 to {MOST}, or {AUTO}")


@click.command("scale")
@click.argument("processes", metavar="N|auto", callback=_count)
@held_option
@asks(goes=Goes.TOGETHER)
def command(asked: Asked, processes: int | None, *, held: bool) -> int:
    """Run the app with N processes from now on, whatever is deployed later; `auto` lets the config say again.

    A second run of the live release takes over from the first: visitors don't notice. Exit status 3: it does not boot
    with that number, and what served before serves. Of several machines all are scaled, or none.
    """
    from uncork.recipes.choose import choose
    from uncork.workflows.apps import deployed
    from uncork.workflows.scale import scale

    app = choose(deployed(asked.layout), asked.app)

    def change(report: "Reporter", settle: "Settle") -> "Deployed":
        return scale(asked.layout, app, processes, report, settle).deployed

    if held:
        return hold(asked, app, "scaling", change)
    with progress(asked) as report:
        done = scale(asked.layout, app, processes, report)
    if asked.json:
        emit({"app": app, "processes": done.processes, "auto": done.auto, "running": done.running})
        return ExitCode.OK
    for note in done.deployed.notes:
        click.echo(f"note: {note}")
    count = "1 process" if done.processes == 1 else f"{done.processes} processes"
    click.echo(f"{app} runs with {count}" + (", as its config or the machine says" if done.auto else ""))
    return ExitCode.OK
