"""`uncork cache`: what the front keeps of an app's responses."""

import click

from uncork.cli.options import Asked, asks
from uncork.cli.output import emit, fields
from uncork.reporting.words import size


@click.group("cache")
def command() -> None:
    """What the front keeps of an app's responses, where `cache` is on."""


@command.command("clear")
@asks()
def clear(asked: Asked) -> None:
    """Forget all responses that are kept."""
    from uncork.recipes.choose import choose
    from uncork.workflows import cache
    from uncork.workflows.apps import deployed

    app = choose(deployed(asked.layout), asked.app)
    cleared = cache.clear(asked.layout, app)
    if asked.json:
        emit(fields(cleared))
    else:
        click.echo(f"responses of {app} that are kept no more: {cleared.responses} ({size(cleared.bytes)})")
