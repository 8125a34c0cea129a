"""`uncork restart`: let a second run of the live release take over."""

import click

from uncork.cli.deployed import told
from uncork.cli.options import Asked, asks
from uncork.cli.progress import progress


@click.command("restart")
@asks()
def command(asked: Asked) -> None:
    """Let a second run of the live release take over, with the values of `config set` as they are now."""
    from uncork.recipes.choose import choose
    from uncork.workflows.apps import deployed
    from uncork.workflows.restart import restart

    app = choose(deployed(asked.layout), asked.app)
    with progress(asked) as report:
        done = restart(asked.layout, app, report)
    told(asked, done)
