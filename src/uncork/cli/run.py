"""`uncork run`: a command in the live release."""

import click

from uncork.cli.options import Asked, asks


@click.command("run", context_settings={"allow_interspersed_args": False})
@click.argument("argv", metavar="-- COMMAND...", nargs=-1, required=True, type=click.UNPROCESSED)
@asks()
def command(asked: Asked, argv: tuple[str, ...]) -> None:
    """Run COMMAND in the live release: with its packages, its environment and the values of `config set`."""
    from uncork.recipes.choose import choose
    from uncork.workflows.apps import deployed
    from uncork.workflows.run import run

    run(asked.layout, choose(deployed(asked.layout), asked.app), argv)
