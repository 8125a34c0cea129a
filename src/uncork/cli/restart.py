"""`uncork restart`: let a second run of the live release take over."""

from functools import partial

import click

from uncork.cli.deployed import told
from uncork.cli.options import Asked, Goes, asks
from uncork.cli.progress import progress
from uncork.cli.together import held_option, hold
from uncork.errors import ExitCode


@click.command("restart")
@held_option
@asks(goes=Goes.TOGETHER)
def command(asked: Asked, *, held: bool) -> int:
    """Let a second run of the live release take over, with the values of `config set` as they are now.

    Of several machines all are restarted, or none: if one fails, the others go back to the run that they had.
    """
    from uncork.recipes.choose import choose
    from uncork.workflows.apps import deployed
    from uncork.workflows.restart import restart

    app = choose(deployed(asked.layout), asked.app)
    if held:
        return hold(asked, app, "restart", partial(restart, asked.layout, app))
    with progress(asked) as report:
        done = restart(asked.layout, app, report)
    told(asked, done)
    return ExitCode.OK
