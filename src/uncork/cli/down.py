"""`uncork down`: stop everything of a state directory."""

import click

from uncork.cli.options import Asked, Goes, asks
from uncork.cli.output import emit
from uncork.cli.progress import progress


@click.command("down")
@asks(app=False, goes=Goes.IF_TOLD)
def command(asked: Asked) -> None:
    """Stop every app, the front and the supervisor, until the next `up` or `start`. Releases and data are kept."""
    from uncork.workflows.down import down

    with progress(asked) as report:
        down(asked.layout, report)
    if asked.json:
        emit({"home": str(asked.home), "state": "down"})
    else:
        click.echo(f"everything in {asked.home} is down; releases and data are kept")
