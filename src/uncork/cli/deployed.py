"""What is told when something serves: the address is the last line."""

from typing import TYPE_CHECKING

import click

from uncork.cli.asked import Asked
from uncork.cli.output import emit, fields, styled

if TYPE_CHECKING:
    from uncork.workflows.take_over import Deployed


def told(asked: Asked, deployed: "Deployed") -> None:
    """Tell what serves now."""
    if asked.json:
        emit(fields(deployed))
        return
    for note in deployed.notes:
        click.echo(f"note: {note}")
    before = ""
    if deployed.previous not in {None, deployed.release}:
        before = f", after release {deployed.previous}"
    click.echo(f"{styled(deployed.app, bold=True)} release {deployed.release} serves {deployed.environment}{before}")
    click.echo(deployed.url)
