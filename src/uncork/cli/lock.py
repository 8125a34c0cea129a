"""`uncork lock`: the exact dependencies of a project, with hashes."""

from pathlib import Path

import click

from uncork.cli.options import Asked, Goes, asks
from uncork.cli.output import emit, fields
from uncork.cli.projects import path_argument, project


@click.command("lock")
@path_argument
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Write the lock there, for example to requirements.txt, instead of to standard output.",
)
@click.option(
    "--from-environment",
    metavar="VENV",
    type=click.Path(exists=True, file_okay=False),
    help="Begin with the versions in that virtual environment, and list what it holds and the project does not use.",
)
@asks(app=False, goes=Goes.HERE)
def command(asked: Asked, path: str, output: str | None, from_environment: str | None) -> None:
    """Lock what the project at PATH needs, exactly and with hashes: never all that is installed, as pip freeze does."""
    from uncork.workflows.lock import lock

    venv = Path(from_environment).absolute() if from_environment else None
    report = lock(project(path), Path(output).absolute() if output else None, venv)
    if asked.json:
        emit(fields(report))
        return
    for note in report.notes:
        click.echo(f"note: {note}", err=True)
    for name in report.unused:
        click.echo(f"not used by the project: {name}", err=True)
    click.echo(f"wrote {output}" if output else report.text, nl=bool(output))
