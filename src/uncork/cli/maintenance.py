"""`uncork maintenance`: tell visitors to come again."""

from pathlib import Path

import click

from uncork.cli.forward import elsewhere, forward
from uncork.cli.options import Asked, Goes, asks
from uncork.cli.output import emit
from uncork.cli.progress import progress
from uncork.errors import ExitCode


@click.group("maintenance")
def command() -> None:
    """Have the front answer 503 in an app's place, through deploys and reboots, until it is off again."""


@command.command("on")
@click.option("--page", metavar="FILE", type=click.Path(path_type=Path), help="An HTML file that visitors see.")
@click.option("--allow", metavar="ADDRESS", multiple=True, help="An address or network that gets through; repeatable.")
@asks(goes=Goes.BY_ITSELF)
def on(asked: Asked, page: Path | None, allow: tuple[str, ...]) -> int:
    """Send visitors away with 503 and Retry-After; the path of `health` is answered all the same.

    The page `-` is read from standard input.
    """
    from uncork.recipes.choose import choose
    from uncork.workflows.apps import deployed
    from uncork.workflows.maintenance import begin_maintenance, read_page

    there = elsewhere(asked)
    if there:
        words = ("maintenance", "on", *(("--page=-",) if page else ()), *(f"--allow={one}" for one in allow))
        return forward(asked, there, words, app=there.app, stdin=read_page(page).encode() if page else None)
    names = deployed(asked.layout)
    app = choose(names, asked.app)
    with progress(asked) as report:
        begin_maintenance(asked.layout, app, page, allow, report)
    again = "uncork maintenance off" if len(names) == 1 else f"uncork maintenance off --app {app}"
    _tell(asked, app, "on", f"visitors of {app} are told to come again; `{again}` lets them in")
    return ExitCode.OK


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
