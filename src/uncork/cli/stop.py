"""`uncork stop`: stop one app."""

import click

from uncork.cli.options import Asked, asks
from uncork.cli.output import emit
from uncork.cli.progress import progress


@click.command("stop")
@asks()
def command(asked: Asked) -> None:
    """Let an app finish its requests and stop, until `start` or the next `up`; after a reboot too."""
    from uncork.recipes.choose import choose
    from uncork.workflows.apps import deployed
    from uncork.workflows.stop import stop

    app = choose(deployed(asked.layout), asked.app)
    with progress(asked) as report:
        stop(asked.layout, app, report)
    if asked.json:
        emit({"app": app, "state": "stopped"})
    else:
        click.echo(f"{app} is stopped; `uncork start` starts it again")
