"""`uncork start`: start what was stopped."""

import click

from uncork.cli.deployed import told
from uncork.cli.options import Asked, asks
from uncork.cli.progress import progress


@click.command("start")
@asks()
def command(asked: Asked) -> None:
    """Start an app that `stop` or `down` stopped; one that runs is left as it is."""
    from uncork.recipes.choose import choose
    from uncork.workflows.apps import deployed
    from uncork.workflows.start import start

    app = choose(deployed(asked.layout), asked.app)
    with progress(asked) as report:
        done = start(asked.layout, app, report)
    told(asked, done)
