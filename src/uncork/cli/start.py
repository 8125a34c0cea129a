"""`uncork start`: start what was stopped."""

import click

from uncork.cli.deployed import told
from uncork.cli.options import Asked, asks
from uncork.cli.output import emit, fields
from uncork.cli.progress import progress


@click.command("start")
@asks()
def command(asked: Asked) -> None:
    """Start an app that `stop` stopped; without --app, all that `down` or a reboot stopped, if there are several."""
    from uncork.workflows.apps import deployed

    several = len(deployed(asked.layout)) > 1 and not asked.app
    if several:
        _all(asked)
    else:
        _one(asked)


def _one(asked: Asked) -> None:
    from uncork.recipes.choose import choose
    from uncork.workflows.apps import deployed
    from uncork.workflows.start import start

    app = choose(deployed(asked.layout), asked.app)
    with progress(asked) as report:
        done = start(asked.layout, app, report)
    told(asked, done)


def _all(asked: Asked) -> None:
    from uncork.workflows.start import start_all

    with progress(asked) as report:
        done = start_all(asked.layout, report)
    if asked.json:
        emit({"apps": [fields(one) for one in done]})
        return
    for one in done:
        told(asked, one)
