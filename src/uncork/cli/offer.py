"""`uncork offer`: what this machine has for a release, asked by the uncork of who deploys to it from elsewhere."""

import click

from uncork.cli.options import Asked, asks
from uncork.cli.output import emit, fields


@click.command("offer", hidden=True)
@click.option("--python", "requires_python", default="", help="what the project asks for, as in >=3.11")
@click.option("--server", required=True, help="what is to serve it")
@asks()
def command(asked: Asked, requires_python: str, server: str) -> None:
    """Say, in JSON, which Python a release would run on here, and what there is of its packages."""
    from uncork.workflows.offer import offer

    emit(fields(offer(asked.layout, asked.app or "", requires_python, server)))
