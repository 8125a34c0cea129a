"""`uncork destroy`: remove an app and all that is kept of it."""

import sys

import click

from uncork.cli.options import Asked, asks
from uncork.cli.output import emit
from uncork.cli.progress import progress
from uncork.errors import ExitCode, UsageError


@click.command("destroy")
@click.option("--yes", is_flag=True, help="Do not ask.")
@asks()
def command(asked: Asked, *, yes: bool) -> int:
    """Remove an app: its releases, its data (the `instance` folder), the values of `config set`, its logs."""
    from uncork.recipes.choose import choose
    from uncork.workflows.apps import known
    from uncork.workflows.destroy import destroy

    app = choose(known(asked.layout), asked.app)
    if not yes and not _agreed(asked, app):
        click.echo("nothing was removed", err=True)
        return ExitCode.ERROR
    with progress(asked) as report:
        destroy(asked.layout, app, report)
    if asked.json:
        emit({"app": app, "state": "destroyed"})
    else:
        click.echo(f"{app} is gone")
    return ExitCode.OK


def _agreed(asked: Asked, app: str) -> bool:
    if asked.json or not sys.stdin.isatty():
        raise UsageError(
            f"this removes {app} with its data, and nobody is there to be asked", "say --yes if it is meant"
        )
    kept = asked.layout.app(app).root
    return click.confirm(f"Remove {app} and all that is kept of it in {kept}, its data too?", err=True)
