"""`uncork errors`: what went wrong in an app, grouped."""

from typing import TYPE_CHECKING, Final

import click

from uncork.cli.options import Asked, asks
from uncork.cli.output import emit, fields, styled, table

if TYPE_CHECKING:
    from uncork.alerts.groups import Group
    from uncork.workflows.errors import Listed, Shown

_HEAD: Final = ("ID", "STATE", "COUNT", "FIRST SEEN", "LAST SEEN", "RELEASE", "ERROR", "WHERE")
_LONGEST: Final = 60


@click.group("errors", invoke_without_command=True)
@click.option("--all", "everything", is_flag=True, help="Resolved and muted ones too.")
@asks()
def command(asked: Asked, *, everything: bool) -> None:
    """List the errors of an app, those of one type and place as one group; or look at one, or settle it."""
    from uncork.workflows.errors import listed

    if click.get_current_context().invoked_subcommand is not None:
        return
    app = _app(asked)
    found = listed(asked.layout, app, everything=everything)
    if asked.json:
        emit({"app": app, "errors": [_json(group) for group in found.groups], "notes": found.notes})
    else:
        _list(app, found)


@command.command("show")
@click.argument("name", metavar="ID")
@asks()
def show(asked: Asked, name: str) -> None:
    """Print all that is known of one: how often, since when, the request, the traceback with its variables."""
    from uncork.alerts.messages import page
    from uncork.workflows.errors import show as known

    app = _app(asked)
    found = known(asked.layout, app, name)
    if asked.json:
        emit({"app": app, "error": _whole(found)})
    else:
        click.echo(page(found.story), nl=False)


@command.command("resolve")
@click.argument("name", metavar="ID")
@asks()
def resolve(asked: Asked, name: str) -> None:
    """Say that one is mended. Should it come back in a later release, that is told as a regression."""
    _change(asked, name, "resolved")


@command.command("mute")
@click.argument("name", metavar="ID")
@asks()
def mute(asked: Asked, name: str) -> None:
    """Count one from now on, and send no mail of it."""
    _change(asked, name, "muted")


@command.command("reopen")
@click.argument("name", metavar="ID")
@asks()
def reopen(asked: Asked, name: str) -> None:
    """Take back that one is mended or muted."""
    _change(asked, name, "open")


def _app(asked: Asked) -> str:
    from uncork.recipes.choose import choose
    from uncork.workflows.apps import deployed, known

    # One whose only release was refused may have errors too, but is in nobody's way.
    return choose(known(asked.layout) if asked.app else deployed(asked.layout) or known(asked.layout), asked.app)


def _change(asked: Asked, name: str, state: str) -> None:
    from uncork.workflows.errors import change

    app = _app(asked)
    group = change(asked.layout, app, name, state)
    if asked.json:
        emit({"app": app, "error": _json(group)})
    else:
        since = f" in release {group.resolved_in}" if state == "resolved" else ""
        click.echo(f"{group.id} is {state}{since}: {_line(group.title)}")


def _list(app: str, found: "Listed") -> None:
    if found.groups:
        click.echo(table(_HEAD, [_row(group) for group in found.groups]))
    else:
        click.echo(f"{app} has no open errors")
    if found.others:
        click.echo(f"{found.others} resolved or muted: --all lists them too")
    for note in found.notes:
        click.echo(f"note: {note}")


def _row(group: "Group") -> tuple[str, ...]:
    from uncork.alerts.story import at, seen

    colour = {"open": "red", "resolved": "green"}.get(group.state)
    first, last = group.first_release, group.last_release
    return (
        group.id,
        styled(group.state, fg=colour),
        str(group.count),
        at(group.first_seen),
        at(group.last_seen),
        str(first) if first == last else f"{first}-{last}",
        _line(group.title),
        seen(group.place),
    )


def _line(text: str) -> str:
    from uncork.alerts.story import seen

    return seen(text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}...")


def _json(group: "Group") -> dict[str, object]:
    from uncork.machine import moments

    return {
        "id": group.id,
        "state": group.state,
        "type": group.type,
        "message": group.message,
        "place": group.place,
        "level": group.level,
        "logger": group.logger,
        "count": group.count,
        "by_app": group.by_app,
        "untold": group.untold,
        "first_seen": moments.at(group.first_seen),
        "last_seen": moments.at(group.last_seen),
        "releases": {str(release): count for release, count in group.releases},
        "not_in": group.before,
        "resolved_in": group.resolved_in or None,
    }


def _whole(found: "Shown") -> dict[str, object]:
    from uncork.machine import moments

    samples = [fields(sample) | {"time": moments.at(sample.time)} for sample in found.samples]
    return {**_json(found.story.group), "samples": samples}
