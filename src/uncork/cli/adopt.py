"""`uncork adopt`: the config that does what a uwsgi.ini, a gunicorn.conf.py or a Procfile does."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from uncork.cli.options import Asked, Goes, asks
from uncork.cli.output import emit, fields

if TYPE_CHECKING:
    from uncork.workflows.adopt import Adopted


@click.command("adopt")
@click.argument("file", type=click.Path())
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Write the config there, instead of to standard output: to uncork.toml, or at the end of pyproject.toml.",
)
@asks(app=False, goes=Goes.HERE)
def command(asked: Asked, file: str, output: str | None) -> None:
    """Say what FILE does as a config of uncork's: a uwsgi.ini, a gunicorn.conf.py or a Procfile.

    The file is read, never run. Every setting that is not carried over is listed with its line, and why.
    """
    from uncork.workflows.adopt import adopt

    adopted = adopt(Path(file).absolute(), Path(output).absolute() if output else None)
    if asked.json:
        emit(fields(adopted))
        return
    for line in _lines(adopted):
        click.echo(line, err=True)
    click.echo(f"wrote {output}" if output else adopted.text, nl=bool(output))


def _lines(adopted: "Adopted") -> list[str]:
    from uncork.project.adopted.fates import Kind

    seen_to = adopted.of(Kind.SAME)
    names = ", ".join(dict.fromkeys(told.setting for told in seen_to))
    return [
        *(
            f"{adopted.file}:{told.line}: {told.setting} does harm, and is left out: {told.why}"
            for told in adopted.of(Kind.HARMFUL)
        ),
        *(
            f"{adopted.file}:{told.line}: {told.setting} is not carried over: {told.why}"
            for told in adopted.of(Kind.LEFT)
        ),
        *([f"uncork sees to by itself: {names}"] if seen_to else []),
    ]
