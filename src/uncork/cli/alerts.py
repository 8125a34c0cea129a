"""`uncork alerts`: whether what goes wrong reaches anybody."""

import click

from uncork.cli.options import Asked, asks
from uncork.cli.output import emit, fields


@click.group("alerts")
def command() -> None:
    """See that errors reach who should know of them."""


@command.command("test")
@click.option("--to", metavar="ADDRESS", help="By mail to this address, instead of to the administrators.")
@asks()
def test(asked: Asked, to: str | None) -> None:
    """Send a message now, by mail and webhook as they are set up, and say what goes wrong if anything does."""
    from uncork.recipes.choose import choose
    from uncork.workflows import alerts
    from uncork.workflows.apps import deployed

    app = choose(deployed(asked.layout), asked.app)
    found = alerts.test(asked.layout, app, to)
    if asked.json:
        emit(fields(found))
        return
    for goal in found.sent:
        click.echo(f"sent to {goal}")
    for note in found.notes:
        click.echo(f"note: {note}")
