"""`uncork version`: which uncork this is."""

import click

from uncork.cli.options import Asked, Goes, asks
from uncork.cli.output import emit, fields


@click.command("version")
@asks(app=False, goes=Goes.IF_TOLD)
def command(asked: Asked) -> None:
    """Print the versions of uncork and of what it comes with."""
    from uncork.workflows.version import versions

    found = fields(versions())
    if asked.json:
        emit(found)
        return
    for name, number in found.items():
        click.echo(f"{name} {number or 'is not installed'}")
