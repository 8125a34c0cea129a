"""`uncork logs`: what apps and the front have written."""

import re
import sys
from typing import TYPE_CHECKING, Final

import click

from uncork.cli.options import Asked, asks
from uncork.cli.output import emit, styled
from uncork.errors import UsageError

if TYPE_CHECKING:
    from uncork.workflows.logs import Line

# What a terminal would act on, but for colours: a visitor can have anything logged.
_ACTS: Final = re.compile(r"(\x1b\[[0-9;]*m)|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@click.command("logs")
@click.option("-f", "--follow", is_flag=True, help="Go on with the lines that come.")
@click.option(
    "-n", "--lines", "count", type=click.IntRange(0), help="The last so many.  [default: 50, all with --since]"
)
@click.option("--since", metavar="TIME", help="From then on: 10m, 2h, or a time such as 2026-01-31T08:00.")
@click.option("--grep", metavar="PATTERN", help="Those that match a regular expression (Python's).")
@click.option("--access", is_flag=True, help="The requests, a line of JSON each, instead of what the app writes.")
@asks()
def command(
    asked: Asked, *, follow: bool, count: int | None, since: str | None, grep: str | None, access: bool
) -> None:
    """Print what an app has written; of all apps, by time, where there are several and --app names none."""
    from datetime import datetime, timezone

    from uncork.recipes.choose import choose
    from uncork.workflows import logs
    from uncork.workflows.apps import known
    from uncork.workflows.log_query import query

    names = known(asked.layout)
    apps = (choose(names, asked.app),) if asked.app or not names else names
    wanted = query(count, since, grep, datetime.now(timezone.utc), access=access)
    if asked.json:
        if follow:
            raise UsageError("--json is one object, and --follow has no end", "take one of them out")
        emit({"lines": [_json(line) for line in logs.read(asked.layout, apps, wanted)]})
        return
    for line in (logs.follow if follow else logs.read)(asked.layout, apps, wanted):
        _print(line, several=len(apps) > 1)


def _print(line: "Line", *, several: bool) -> None:
    text = _ACTS.sub(_shown, line.text) if sys.stdout.isatty() else line.text
    click.echo(f"{styled(line.app, bold=True)} | {text}" if several else text)


def _shown(found: "re.Match[str]") -> str:
    return found[1] or ascii(found[0])[1:-1]


def _json(line: "Line") -> dict[str, object]:
    return {"app": line.app, "time": line.time.isoformat() if line.time else None, "text": line.text}
