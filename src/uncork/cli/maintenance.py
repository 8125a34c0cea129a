"""`uncork maintenance`: tell visitors to come again."""

from pathlib import Path

import click

from uncork.cli.options import Asked, asks
from uncork.cli.output import emit
from uncork.cli.progress import progress


@click.group("maintenance")
def command() -> None:
    """Have the front answer 503 in an app's place, through deploys and reboots, until it is off again."""


@command.command("on")
@click.option("--page", metavar="FILE", type=click.Path(path_type=Path), help="An HTML file that visitors see.")
@click.option("--allow", metavar="ADDRESS", multiple=True, help="An address or network that gets through; repeatable.")
@asks()
def on(asked: Asked, page: Path | None, allow: tuple[str, ...]) -> None:
    """Send visitors away with 503 and Retry-After; the path of `health` is answered all the same."""
    from uncork.recipes.choose import choose
    from uncork.workflows.apps import deployed
    from uncork.workflows.maintenance import begin_maintenance

    names = deployed(asked.layout)
    app = choose(names, asked.app)
    with progress(asked) as report:
        begin_maintenance(asked.layout, app, page, allow, report)
    again = "uncork maintenance off" if len(names) == 1 else f"uncork maintenance off --app {app}"
    _tell(asked, app, "on", f"visitors of {app} are told to come again; `{again}` lets them in")


@command.command("off")
@asks()
def off(asked: Asked) -> None:
    """Let visitors in again."""
    from uncork.recipes.choose import choose
    from uncork.workflows.apps import deployed
    from uncork.workflows.maintenance import end_maintenance

    app = choose(deployed(asked.layout), asked.app)
    with progress(asked) as report:
        end_maintenance(asked.layout, app, report)
    _tell(asked, app, "off", f"visitors of {app} are let in")


def _tell(asked: Asked, app: str, state: str, text: str) -> None:
    if asked.json:
        emit({"app": app, "maintenance": state})
    else:
        click.echo(text)
