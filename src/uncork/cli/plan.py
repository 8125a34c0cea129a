"""`uncork plan`: what `up` would do."""

from typing import TYPE_CHECKING

import click

from uncork.cli.options import Asked, Goes, asks
from uncork.cli.output import emit, fields, styled
from uncork.cli.projects import options_of, project, up_options

if TYPE_CHECKING:
    from uncork.workflows.plan import Preview


@click.command("plan")
@up_options
@asks(app=False, goes=Goes.HERE)
def command(asked: Asked, path: str, environment: str | None, port: int | None, bind: str | None) -> None:
    """Show what `up` would do with the project at PATH: files, commands, dependencies. Nothing is changed."""
    from uncork.workflows.plan import plan

    preview = plan(asked.layout, project(path), options_of(environment, port, bind))
    if asked.json:
        emit(_json(preview))
        return
    for line in _lines(preview):
        click.echo(line)


def _json(preview: "Preview") -> dict[str, object]:
    return {
        **fields(preview),
        "files": [{"path": path, "diff": diff} for path, diff in preview.files],
        "commands": [{"why": why, "command": command} for why, command in preview.commands],
    }


def _lines(preview: "Preview") -> list[str]:
    changed = [(path, diff) for path, diff in preview.files if diff]
    same = len(preview.files) - len(changed)
    return [
        f"{preview.app} would become release {preview.release}",
        *(f"note: {note}" for note in preview.notes),
        *_block("dependencies", [*(f"+ {name}" for name in preview.added), *(f"- {name}" for name in preview.removed)]),
        *_block("commands", [f"{command}  # {why}" if why else command for why, command in preview.commands]),
        *_block("files", [diff.rstrip("\n") for _, diff in changed]),
        *([f"{same} more files are as they are"] if same else []),
    ]


def _block(title: str, lines: list[str]) -> list[str]:
    return ["", styled(title, bold=True), *lines] if lines else []
