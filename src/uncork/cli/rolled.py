"""What is told of a deploy to several machines, or another change of them: what became of each."""

from typing import TYPE_CHECKING

import click

from uncork.cli.asked import Asked
from uncork.cli.failure import Answer, explain
from uncork.cli.merged_logs import called
from uncork.cli.output import emit, fields, styled, table
from uncork.errors import ExitCode, RefusedError, UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from uncork.remote.rolling import Ended, Rolled

_COLOURS = {"NEW": "green", "REFUSED": "yellow", "BACK": "yellow", "LOST": "red"}


def rolled(asked: Asked, done: "Rolled", notes: "Sequence[str]", new: str = "") -> int:
    """Tell it, and return the exit status; `new` says what has become of a machine where all went well, if no deploy.

    For people the first error is raised, so that it ends what they read.
    """
    ended, notes = done.machines, (*notes, *done.notes)
    first = _first([*(one.error for one in ended if one.error), *([done.trouble] if done.trouble else [])])
    if asked.json:
        emit({"hosts": [_json(one) for one in ended], "notes": list(notes)})
        return int(first.code if first else ExitCode.OK)
    for note in (*notes, *_notes(ended)):
        click.echo(f"note: {note}")
    names = called([one.host for one in ended])
    click.echo(table(("HOST", "RELEASE", "STATE", "ADDRESS"), [_row(names[one.host], one, new) for one in ended]))
    if first:
        raise first
    return ExitCode.OK


def _first(errors: "Sequence[UserError]") -> UserError | None:
    """Return the error that says most: why a release was refused, before that a machine was lost."""
    return next((one for one in errors if isinstance(one, RefusedError)), errors[0] if errors else None)


def _notes(ended: "Sequence[Ended]") -> "Sequence[str]":
    return tuple(dict.fromkeys(note for one in ended if one.deployed for note in one.deployed.notes))


def _row(name: str, one: "Ended", new: str) -> tuple[str, ...]:
    release = str(one.deployed.release) if one.deployed else "-"
    address = one.deployed.url if one.deployed else "-"
    state = new if new and one.state.name == "NEW" else one.state.value
    return (name, release, styled(state, fg=_COLOURS.get(one.state.name)), address)


def _json(one: "Ended") -> dict[str, object]:
    failure = explain(one.error, Answer(json=True)) if one.error else None
    told = {"problem": failure.problem, "fix": failure.fix, "code": failure.code} if failure else None
    deployed = fields(one.deployed) if one.deployed else None
    return {"host": one.host, "state": one.state.name.lower(), "deployed": deployed, "error": told}
