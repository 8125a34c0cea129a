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

    names = deployed(asked.layout)
    app = choose(names, asked.app)
    with progress(asked) as report:
        stop(asked.layout, app, report)
    if asked.json:
        emit({"app": app, "state": "stopped"})
    else:
        again = "uncork start" if len(names) == 1 else f"uncork start --app {app}"
        click.echo(f"{app} is stopped; `{again}` starts it again")
