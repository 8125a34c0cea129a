"""A verb on the machines of a target: their own uncork runs it, and what it says and how it ends is shown here."""

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from uncork.cli.asked import Asked
from uncork.cli.failure import Answer, explain, tell
from uncork.cli.output import emit, styled
from uncork.cli.places import Place, place
from uncork.errors import ExitCode, UsageError
from uncork.serving import THIS_MACHINE

if TYPE_CHECKING:
    from uncork.remote.everywhere import Outcome


def elsewhere(asked: Asked, *, implied: bool = True) -> Place | None:
    """Return the machines a verb goes to that was called in the project of the current folder; None is this one."""
    return place(asked, Path.cwd(), implied=implied)


def forward(asked: Asked, there: Place, words: Sequence[str], *, app: str | None, stdin: bytes | None = None) -> int:
    """Run a verb on machines, and return its exit status: the first one that says that something is wrong.

    On one machine it has our own streams, on several what each says is shown when it has ended there.
    """
    from uncork.remote.everywhere import everywhere, here

    whole = addressed(asked, words, app)
    if len(there.hosts) == 1 and stdin is None:
        return here(there.hosts[0], whole, accept_new=asked.accept_new)
    found = everywhere(there.hosts, whole, accept_new=asked.accept_new, stdin=stdin or b"")
    if len(there.hosts) == 1:
        return _alone(next(iter(found)))
    return _all_json(there, list(found)) if asked.json else _blocks(there, found)


def addressed(asked: Asked, words: Sequence[str], app: str | None) -> tuple[str, ...]:
    """Return the words by which a machine's uncork is called: there it acts on the machine itself."""
    told = ("-t", THIS_MACHINE, *(("--app", app) if app else ()), *(("--json",) if asked.json else ()))
    return (*told, *(("--debug",) if asked.debug else ()), *words)


def one(there: Place, verb: str) -> Place:
    """Return the only machine that a verb on a terminal can go to. Raises UsageError where several are meant."""
    if len(there.hosts) > 1:
        fix = f"name one: --host {there.hosts[0]}"
        raise UsageError(f"`{verb}` goes to one machine, and there are {len(there.hosts)}", fix)
    return there


def _alone(outcome: "Outcome") -> int:
    if outcome.error:
        raise outcome.error
    sys.stdout.write(outcome.out)
    sys.stderr.write(outcome.err)
    return outcome.code


def _blocks(there: Place, found: "Iterable[Outcome]") -> int:
    codes = {}
    for outcome in found:
        click.echo(styled(f"{outcome.host}:", bold=True))
        _show(outcome)
        codes[outcome.host] = outcome.code
    return _worst([codes[host] for host in there.hosts])


def _show(outcome: "Outcome") -> None:
    click.echo(outcome.out, nl=False)
    click.echo(outcome.err, nl=False, err=True)
    if outcome.error:
        tell(explain(outcome.error, Answer()), Answer())


def _all_json(there: Place, found: "Sequence[Outcome]") -> int:
    of = {outcome.host: outcome for outcome in found}
    emit({"hosts": [{"host": host, "code": of[host].code, **_object(of[host])} for host in there.hosts]})
    return _worst([of[host].code for host in there.hosts])


def _object(outcome: "Outcome") -> dict[str, object]:
    """Return what a machine's uncork said, as it said it; what is no JSON is the text that it is."""
    if outcome.error:
        failure = explain(outcome.error, Answer(json=True))
        return {"error": {"problem": failure.problem, "fix": failure.fix, "code": failure.code}} if failure else {}
    try:
        found = json.loads(outcome.out)
    except ValueError:
        return {"output": outcome.out, "errors": outcome.err}
    return {key: value for key, value in found.items() if key != "schema"} if isinstance(found, dict) else {}


def _worst(codes: Sequence[int]) -> int:
    return next((code for code in codes if code), int(ExitCode.OK))
