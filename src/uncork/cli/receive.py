"""`uncork receive`: the end of a deploy that is on the machine; another uncork calls it over SSH, or git at a push."""

import json
import os
import sys
from typing import TYPE_CHECKING

import click
import msgspec

from uncork.cli.deployed import told as told_deployed
from uncork.cli.failure import Answer, Failure, explained, tell
from uncork.cli.options import Asked, Goes, asks
from uncork.cli.progress import progress
from uncork.errors import UsageError

if TYPE_CHECKING:
    from uncork.report import Reporter


@click.command("receive", hidden=True)
@click.option("--archive", is_flag=True, help="What comes is what `git archive` writes.")
@click.option("--folder", default="", help="What the project's folder is called, where it comes from.")
@click.option("--as", "whose", default="", help="The target whose keys of the config hold.")
@click.option("--env", "environment")
@click.option("--called", multiple=True, help="What the machine is called by who deploys to it.")
@asks(goes=Goes.HERE)
def command(
    asked: Asked, folder: str, whose: str, environment: str | None, called: tuple[str, ...], *, archive: bool
) -> int:
    """Deploy what comes on the standard input, and tell how it goes: as lines of JSON, of an archive as people read it.

    A deploy that has begun goes on whoever listens.
    """
    from uncork.workflows.receive import receive

    with os.fdopen(sys.stdin.fileno(), "rb", closefd=False) as come:
        if not archive:
            return receive(asked.layout, come, sys.stdout.buffer, explained)
        if not asked.app:
            raise UsageError("what is pushed is of no app", "name it with --app")
        from uncork.workflows.push import Pushed, receive_push

        with progress(asked) as report:
            pushed = Pushed(asked.app, folder or asked.app, whose, environment, called)
            return receive_push(asked.layout, pushed, come, Pushing(asked, report), explained)


class Pushing:
    """Who pushes: hears as people do, and says nothing."""

    says = None

    def __init__(self, asked: Asked, report: "Reporter") -> None:
        self._asked = asked
        self._report = report

    def tell(self, line: bytes) -> None:
        """Tell a line of the journal; one that a full disk has cut short says nothing."""
        try:
            told = json.loads(line)
        except ValueError:
            return
        if "begin" in told:
            self._report.begin(told["begin"])
        elif "end" in told:
            self._report.end(told["end"], told["seconds"])
        elif "note" in told:
            self._report.note(told["note"])
        elif "deployed" in told:
            from uncork.workflows.take_over import Deployed

            told_deployed(self._asked, msgspec.convert(told["deployed"], Deployed))
        elif "error" in told:
            tell(msgspec.convert(told["error"], Failure), Answer())
        sys.stdout.flush()
