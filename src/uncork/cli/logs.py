"""`uncork logs`: what apps, their servers, the agent and the front have written."""

import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import click

from uncork.cli.failure import INTERRUPTED
from uncork.cli.options import Asked, asks
from uncork.cli.output import emit, styled
from uncork.errors import UsageError

if TYPE_CHECKING:
    from uncork.workflows.log_file import Log
    from uncork.workflows.log_record import Record

# What a terminal would act on, but for colours: a visitor can have anything logged.
_ACTS: Final = re.compile(r"(\x1b\[[0-9;]*m)|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_COLOURS: Final = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "red"}


@click.command("logs")
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes.")
@click.option(
    "-n", "--lines", "count", type=click.IntRange(0),
    help="The last so many; a traceback counts as one, with its line.  [default: 50, all with --since]",
)  # fmt: skip
@click.option("--since", metavar="TIME", help="From then on: 10m, 2h, or a time such as 2026-01-31T08:00.")
@click.option(
    "--level",
    metavar="LEVEL",
    type=click.Choice(_LEVELS, case_sensitive=False),
    help="Those of that level and above: debug, info, warning, error or critical. A request is an error from 500 on.",
)
@click.option("--request", metavar="ID", help="All that was written of a request, by its X-Request-ID.")
@click.option("--release", metavar="N", type=click.IntRange(1), help="What that release logged and answered.")
@click.option("--grep", metavar="PATTERN", help="Those that match a regular expression (Python's).")
@click.option("--only", metavar="LOGS", help="Some of app,server,access,agent,front.  [default: all]")
@click.option("--access", is_flag=True, help="Short for --only access: the requests, a line of JSON each.")
@asks()
def command(  # noqa: PLR0913 -- an option each
    asked: Asked, *, follow: bool, count: int | None, since: str | None, level: str | None, request: str | None,
    release: int | None, grep: str | None, only: str | None, access: bool,
) -> None:  # fmt: skip
    """Print what was logged, by time: by the app, its server, the front of its requests and of itself, the agent.

    With --app it is of that app alone, without what the agent and the front say. Rotated logs are read too. With --json
    each record is an object on a line of its own.
    """
    from datetime import datetime, timezone

    from uncork.recipes.choose import choose
    from uncork.workflows import logs
    from uncork.workflows.apps import known
    from uncork.workflows.log_query import Words, query

    if access and only:
        raise UsageError("--access is --only access", "take one of them out")
    words = Words(count, since, level, request, release, grep, "access" if access else only)
    wanted = query(words, datetime.now(timezone.utc))
    names = known(asked.layout)
    apps = (choose(names, asked.app),) if asked.app or not names else names
    found = logs.sources(asked.layout, apps, wanted, shared=only is not None or not asked.app)
    try:
        for record in (logs.follow if follow else logs.read)(found, wanted):
            _print(asked, record, found)
    except KeyboardInterrupt:
        if not follow:
            raise
        raise click.exceptions.Exit(INTERRUPTED) from None  # as it is meant to end: nothing to tell


def _print(asked: Asked, record: "Record", logs: "Sequence[Log]") -> None:
    if asked.json:
        emit(_json(record))
    elif sys.stdout.isatty():
        click.echo(_shown(record, logs))
    else:
        click.echo(_plain(record, several=len({log.app for log in logs if log.app}) > 1))


def _plain(record: "Record", *, several: bool) -> str:
    """As it was written; of several apps, each line with whose it is."""
    if not several:
        return record.text
    return "\n".join(f"{record.app or record.source} | {line}" for line in record.text.split("\n"))


def _shown(record: "Record", logs: "Sequence[Log]") -> str:
    """Each line beside where it comes from, and in the colour of its level."""
    names = {(log.app, log.source): _name(log.app, log.source, logs) for log in logs}
    width = max(map(len, names.values()))
    column = styled(names[record.app, record.source].ljust(width), bold=True)
    text = _ACTS.sub(_harmless, _brief(record))
    colour = _COLOURS.get(record.level)
    return "\n".join(f"{column}  {styled(line, fg=colour) if colour else line}" for line in text.split("\n"))


def _name(app: str, source: str, logs: "Sequence[Log]") -> str:
    several = len({log.app for log in logs if log.app}) > 1
    return f"{app} {source}" if several and app else source


def _brief(record: "Record") -> str:
    """A request of the access log is shown as a sentence, all else as it was written."""
    if record.source != "access" or not record.time or not record.message:
        return record.text
    time = f"{record.time:%Y-%m-%dT%H:%M:%S}.{record.time.microsecond // 1000:03d}Z"
    return f"{time} {record.message} [id={record.request} client={record.fields.get('client', '-')}]"


def _harmless(found: "re.Match[str]") -> str:
    return found[1] or ascii(found[0])[1:-1]


def _json(record: "Record") -> dict[str, object]:
    from uncork.machine.moments import iso

    time = iso(record.time, "milliseconds") if record.time else None
    return {
        "time": time,
        "source": record.source,
        "app": record.app or None,
        "level": record.level or None,
        "message": record.message,
        "request": record.request or None,
        "release": record.release,
        "text": record.text,
        "fields": record.fields,
    }
