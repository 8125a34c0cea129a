"""`uncork rollback`: let an older release take over."""

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import click

from uncork.cli.deployed import told
from uncork.cli.forward import addressed, elsewhere
from uncork.cli.options import Asked, Goes, asks
from uncork.cli.places import Place
from uncork.cli.progress import progress
from uncork.cli.together import held_option, hold, together
from uncork.errors import ExitCode, UsageError


@click.command("rollback")
@click.argument("release", type=click.IntRange(1), required=False)
@click.option("--check", is_flag=True, hidden=True, help="See whether there is such a release, and change nothing.")
@held_option
@asks(goes=Goes.BY_ITSELF)
def command(asked: Asked, release: int | None, *, check: bool, held: bool) -> int:
    """Let RELEASE take over again, as it was; without it the newest that is older than the live one.

    Of several machines all go there, or none: if one fails, the others go back to what they served.
    """
    from uncork.recipes.choose import choose
    from uncork.workflows.apps import deployed
    from uncork.workflows.rollback import rollback

    if there := elsewhere(asked):
        return _there(asked, there, () if release is None else (str(release),))
    app = choose(deployed(asked.layout), asked.app)
    if held:
        return hold(asked, app, "rollback", partial(rollback, asked.layout, app, release))
    if check:
        _look(asked, app, release)
    else:
        _here(asked, app, release)
    return ExitCode.OK


def _look(asked: Asked, app: str, release: int | None) -> None:
    from uncork.workflows.rollback import find

    find(asked.layout, app, release)


def _here(asked: Asked, app: str, release: int | None) -> None:
    from uncork.workflows.rollback import rollback

    with progress(asked) as report:
        done = rollback(asked.layout, app, release, report)
    told(asked, done)


def _there(asked: Asked, there: Place, release: Sequence[str]) -> int:
    if len(there.hosts) > 1:
        _can(asked, there, release)
    return together(asked, there, ("rollback", *release))


def _can(asked: Asked, there: Place, release: Sequence[str]) -> None:
    """Raise UserError if a machine has no such release: else some would go back, and others not."""
    from uncork.remote.everywhere import everywhere

    words = addressed(replace(asked, json=True), ("rollback", "--check", *release), there.app)
    for outcome in everywhere(there.hosts, words, accept_new=asked.accept_new):
        if outcome.error:
            raise outcome.error
        if outcome.code:
            error = json.loads(outcome.out)["error"]
            fix = f"{error['fix']}; no machine was changed: `--host` goes to those that can alone"
            raise UsageError(f"{outcome.host}: {error['problem']}", fix)
