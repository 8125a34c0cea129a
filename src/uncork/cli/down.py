"""`uncork down`: stop everything of a state directory."""

import platform

import click

from uncork.cli.agreed import agreed
from uncork.cli.forward import elsewhere, forward
from uncork.cli.options import Asked, Goes, asks
from uncork.cli.output import emit
from uncork.cli.places import Place
from uncork.cli.progress import progress
from uncork.errors import ExitCode


@click.command("down")
@click.option("--yes", is_flag=True, help="Do not ask, where it is for other machines.")
@asks(app=False, goes=Goes.BY_ITSELF)
def command(asked: Asked, *, yes: bool) -> int:
    """Stop every app, the front and the supervisor, until the next `up` or `start`. Releases and data are kept.

    It goes to other machines only if told, by -t or --host, and asks before.
    """
    there = elsewhere(asked, implied=False)
    return _there(asked, there, yes=yes) if there else _here(asked)


def _there(asked: Asked, there: Place, *, yes: bool) -> int:
    named = ", ".join(there.hosts)
    if not yes and not agreed(asked, f"stops every app on {named}", f"Stop every app on {named}?"):
        click.echo("nothing was stopped", err=True)
        return ExitCode.ERROR
    return forward(asked, there, ("down",), app=None)


def _here(asked: Asked) -> int:
    from uncork.workflows.down import down

    with progress(asked) as report:
        down(asked.layout, report)
    if asked.json:
        emit({"home": str(asked.home), "state": "down"})
    else:
        where = f"on {platform.node()}" if asked.layout.machine else f"in {asked.home}"
        click.echo(f"everything {where} is down; releases and data are kept")
    return ExitCode.OK
