"""`uncork releases`: what is kept, and what is live."""

from typing import TYPE_CHECKING

import click

from uncork.cli.options import Asked, asks
from uncork.cli.output import emit, fields, state, table

if TYPE_CHECKING:
    from uncork.workflows.releases import Row


_HEAD = ("RELEASE", "STATE", "CREATED", "ENVIRONMENT", "SERVER", "PYTHON", "LOCK", "PROBLEM")


@click.command("releases")
@asks()
def command(asked: Asked) -> None:
    """List the releases of an app, newest first."""
    from uncork.recipes.choose import choose
    from uncork.workflows.apps import deployed
    from uncork.workflows.releases import releases

    app = choose(deployed(asked.layout), asked.app)
    found = releases(asked.layout, app)
    if asked.json:
        emit({"app": app, "releases": _json(found, refused=False), "refused": _json(found, refused=True)})
        return
    click.echo(table(_HEAD, [_row(row) for row in found]))


def _json(rows: "tuple[Row, ...]", *, refused: bool) -> list[dict[str, object]]:
    """Refused releases are apart: they can't be gone back to, and may have no number."""
    return [fields(row) for row in rows if (row.state == "refused") is refused]


def _row(row: "Row") -> tuple[str, ...]:
    return (
        str(row.id or "-"),
        state(row.state),
        row.created,
        row.environment,
        row.server,
        row.python,
        row.lock,
        row.problem,
    )
