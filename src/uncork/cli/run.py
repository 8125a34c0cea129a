"""`uncork run`: a command in the live release."""

from dataclasses import replace
from typing import NoReturn

import click

from uncork.cli.forward import elsewhere, forward
from uncork.cli.options import Asked, Goes, asks


@click.command("run", context_settings={"allow_interspersed_args": False})
@click.argument("argv", metavar="-- COMMAND...", nargs=-1, required=True, type=click.UNPROCESSED)
@asks(goes=Goes.BY_ITSELF)
def command(asked: Asked, argv: tuple[str, ...]) -> int:
    """Run COMMAND in the live release: with its packages, its environment and the values of `config set`.

    On a target it is run on its first machine, or on those that --host names.
    """
    there = elsewhere(asked)
    if there is None:
        _here(asked, argv)
    place = there if asked.hosts else replace(there, hosts=there.hosts[:1])
    return forward(asked, place, ("run", "--", *argv), app=there.app)


def _here(asked: Asked, argv: tuple[str, ...]) -> NoReturn:
    from uncork.recipes.choose import choose
    from uncork.workflows.apps import deployed
    from uncork.workflows.run import run

    run(asked.layout, choose(deployed(asked.layout), asked.app), argv)
