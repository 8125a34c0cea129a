"""`uncork report`: the status report of a day, printed or sent."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from uncork.cli.forward import elsewhere, forward
from uncork.cli.options import Asked, Goes, asks
from uncork.cli.output import emit, fields
from uncork.cli.words import words
from uncork.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from uncork.reporting.report import Report


@click.command("report")
@click.option(
    "--day",
    metavar="DAY",
    help="yesterday, today, or a date such as 2026-01-31.  [default: yesterday; today if nothing is known of it]",
)
@click.option("--send", is_flag=True, help="Send it to the administrators too.")
@click.option("--html", metavar="FILE", type=click.Path(dir_okay=False), help="Write it there, as it is mailed.")
@asks(goes=Goes.BY_ITSELF)
def command(asked: Asked, *, day: str | None, send: bool, html: str | None) -> int:
    """Print what a day was like for each app: requests, failures, times, new errors, workers, the machine.

    The agent sends it by itself each morning, at the time that `report` of `[mail]` says.
    """
    from datetime import datetime

    from uncork.recipes.choose import choose
    from uncork.reporting.message import html as page
    from uncork.workflows import report
    from uncork.workflows.apps import deployed

    there = elsewhere(asked)
    if there:
        if html:
            raise UsageError("--html writes a file on the machine that was asked", "call it there, or take --html out")
        return forward(asked, there, words(click.get_current_context()), app=there.app)
    names = deployed(asked.layout)
    apps = (choose(names, asked.app),) if asked.app or html or not names else names
    now = datetime.now().astimezone()
    wanted = report.day(day, now.date()) if day else None
    found = [report.report(asked.layout, app, wanted, now) for app in apps]
    for one in found:
        if html:
            _write(Path(html), page(one))
        if send:
            report.send(asked.layout, one, now)
    _print(asked, found, sent=send)
    return ExitCode.OK


def _print(asked: Asked, found: "list[Report]", *, sent: bool) -> None:
    from uncork.reporting.message import text

    if asked.json:
        emit({"reports": [_json(one) for one in found], "sent": sent})
        return
    click.echo("\n".join(text(one) for one in found), nl=False)
    if sent:
        click.echo("\nthe agent sends it now; `uncork status` tells if it can't")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text)
    except OSError as error:
        raise UsageError(f"can't write {path}: {error.strerror}", "name another file with --html") from error


def _json(report: "Report") -> dict[str, object]:
    """Times are in seconds, sizes in bytes; `rate` is the part of the requests that failed."""
    found = fields(report)
    subject = found.pop("subject")
    days = {"figures": report.figures, "before": report.before}
    rates = {name: {**fields(day), "rate": day.rate} for name, day in days.items()}
    return {**(subject if isinstance(subject, dict) else {}), **found, **rates}
