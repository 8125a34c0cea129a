"""`uncork shell`: a Python with the app in it."""

from dataclasses import replace
from typing import NoReturn

import click

from uncork.cli.forward import elsewhere, forward, one
from uncork.cli.options import Asked, Goes, asks


@click.command("shell")
@asks(goes=Goes.BY_ITSELF)
def command(asked: Asked) -> int:
    """Open a Python in the live release, with `app` defined, and the shell context of a Flask app.

    On a target it is opened on its first machine, or on the one that --host names.
    """
    there = elsewhere(asked)
    if there is None:
        _here(asked)
    place = one(there, "shell") if asked.hosts else replace(there, hosts=there.hosts[:1])
    return forward(asked, place, ("shell",), app=there.app)


def _here(asked: Asked) -> NoReturn:
    from uncork.recipes.choose import choose
    from uncork.workflows.apps import deployed
    from uncork.workflows.run import shell

    shell(asked.layout, choose(deployed(asked.layout), asked.app))
