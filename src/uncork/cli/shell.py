"""`uncork shell`: a Python with the app in it."""

import click

from uncork.cli.options import Asked, asks


@click.command("shell")
@asks()
def command(asked: Asked) -> None:
    """Open a Python in the live release, with `app` defined, and the shell context of a Flask app."""
    from uncork.recipes.choose import choose
    from uncork.workflows.apps import deployed
    from uncork.workflows.run import shell

    shell(asked.layout, choose(deployed(asked.layout), asked.app))
