"""`uncork logs`: what apps, their servers, the agent and the front have written."""

import os
import signal
import sys
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import click

from uncork.cli.failure import INTERRUPTED
from uncork.cli.forward import elsewhere
from uncork.cli.log_lines import as_json, plain, shown
from uncork.cli.merged_logs import merged
from uncork.cli.options import Asked, Goes, asks
from uncork.cli.output import emit
from uncork.cli.words import words
from uncork.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from uncork.workflows.log_file import Log
    from uncork.workflows.log_record import Record

_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


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
@click.option("--until-input-ends", is_flag=True, hidden=True, help="End --follow when standard input ends.")
@asks(goes=Goes.BY_ITSELF)
def command(  # noqa: PLR0913 -- an option each
    asked: Asked, *, follow: bool, count: int | None, since: str | None, level: str | None, request: str | None,
    release: int | None, grep: str | None, only: str | None, access: bool, until_input_ends: bool,
) -> int:  # fmt: skip
    """Print what was logged, by time: by the app, its server, the front of its requests and of itself, the agent.

    With --app it is of that app alone, without what the agent and the front say. Rotated logs are read too. With --json
    each record is an object on a line of its own. Those of several machines are merged, each line with its machine.
    """
    from datetime import datetime, timezone

    from uncork.recipes.choose import choose
    from uncork.workflows import logs
    from uncork.workflows.apps import known
    from uncork.workflows.log_query import Words, query

    if access and only:
        raise UsageError("--access is --only access", "take one of them out")
    said = Words(count, since, level, request, release, grep, "access" if access else only)
    wanted = query(said, datetime.now(timezone.utc))
    there = elsewhere(asked)
    if there:
        typed = words(click.get_current_context())
        return merged(asked, there, typed, follow=follow, count=wanted.count)
    if until_input_ends:
        _end_with_input()
    names = known(asked.layout)
    apps = (choose(names, asked.app),) if asked.app or not names else names
    found = logs.sources(asked.layout, apps, wanted, shared=only is not None or not asked.app)
    try:
        for record in (logs.follow if follow else logs.read)(found, wanted):
            _print(asked, record, found)
    except KeyboardInterrupt:
        if not follow:
            raise
        return INTERRUPTED  # as it is meant to end: nothing to tell
    return ExitCode.OK


def _print(asked: Asked, record: "Record", logs: "Sequence[Log]") -> None:
    if asked.json:
        emit(as_json(record))
    elif sys.stdout.isatty():
        names = {(log.app, log.source): _name(log.app, log.source, logs) for log in logs}
        width = max(map(len, names.values()))
        click.echo(shown(record, names[record.app, record.source].ljust(width)))
    else:
        several = len({log.app for log in logs if log.app}) > 1
        click.echo(plain(record.text, record.app or record.source if several else ""))


def _name(app: str, source: str, logs: "Sequence[Log]") -> str:
    several = len({log.app for log in logs if log.app}) > 1
    return f"{app} {source}" if several and app else source


def _end_with_input() -> None:
    """End as by Ctrl-C when standard input ends: whoever called from elsewhere is gone then."""

    def wait() -> None:
        sys.stdin.buffer.read()
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=wait, daemon=True).start()
