"""`uncork rollback`: let an older release take over."""

import click

from uncork.cli.deployed import told
from uncork.cli.options import Asked, asks
from uncork.cli.progress import progress


@click.command("rollback")
@click.argument("release", type=click.IntRange(1), required=False)
@asks()
def command(asked: Asked, release: int | None) -> None:
    """Let RELEASE take over again, as it was; without it the newest that is older than the live one."""
    from uncork.recipes.choose import choose
    from uncork.workflows.apps import deployed
    from uncork.workflows.rollback import rollback

    app = choose(deployed(asked.layout), asked.app)
    with progress(asked) as report:
        done = rollback(asked.layout, app, release, report)
    told(asked, done)
