"""A verb on several machines, all of them or none: each holds what it changed until the last has changed too."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import click

from uncork.cli.asked import Asked
from uncork.cli.failure import explained
from uncork.cli.forward import addressed, forward
from uncork.cli.places import Place
from uncork.cli.progress import progress
from uncork.cli.rolled import rolled

if TYPE_CHECKING:
    from uncork.workflows.relay import Change

HELD: Final = "--held"
_DONE: Final[Mapping[str, str]] = {
    "rollback": "serves the release that was asked for",
    "restart": "was restarted",
    "scale": "has that number of processes",
    "config": "was restarted with the values",
}

held_option = click.option(HELD, is_flag=True, hidden=True, help="Hold it until who asked says whether it stays.")
"""Gives a verb the option by which another computer's uncork calls it: it talks with that, as `receive` does."""


def together(asked: Asked, there: Place, words: Sequence[str], said: bytes | None = None) -> int:
    """Run a verb on machines, and return its exit status: where one fails, the others go back to what they served.

    `said` is what it reads there. One machine alone has our own streams, unless a balancer is to be told.
    """
    balancer = there.target.balancer if there.target else None
    if len(there.hosts) == 1 and not balancer:
        return forward(asked, there, words, app=there.app, stdin=said)

    from uncork.remote.fleet import Manner, Verb, change_all

    manner = Manner(there.target.batch if there.target else 1, accept_new=asked.accept_new)
    end = words.index("--") if "--" in words else len(words)
    whole = addressed(replace(asked, json=True), (*words[:end], HELD, *words[end:]), there.app)
    with progress(asked) as report:
        done = change_all(there.hosts, Verb(whole, there.app, said or b""), manner, report, balancer)
    return rolled(asked, done, (), _DONE[words[0]])


def hold(asked: Asked, app: str, what: str, change: "Change") -> int:
    """Make a change here, told as lines of JSON, and held; return the exit status."""
    from uncork.workflows.held import held
    from uncork.workflows.receive import Talk

    with os.fdopen(sys.stdin.fileno(), "rb", closefd=False) as come:
        return held(asked.layout, app, what, change, Talk(come.fileno(), sys.stdout.buffer), explained)
