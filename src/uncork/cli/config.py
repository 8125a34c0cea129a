"""`uncork config`: values of an app that are in no file of the project."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import click

from uncork.cli.deployed import told
from uncork.cli.forward import elsewhere, forward
from uncork.cli.options import Asked, Goes, asks
from uncork.cli.output import emit
from uncork.cli.places import Place
from uncork.cli.progress import progress
from uncork.cli.together import held_option, hold, together
from uncork.errors import ExitCode, UsageError


@click.group("config")
def command() -> None:
    """Set, show and take away values such as secrets; the app finds them in its environment."""


restart_option = click.option("--restart", is_flag=True, help="Restart the app, so that it has them now.")


@command.command("set")
@click.argument("pairs", metavar="[NAME=VALUE]...", nargs=-1)
@restart_option
@click.option("--encoded", is_flag=True, hidden=True, help="A line of standard input has them as a JSON object.")
@held_option
@asks(goes=Goes.BY_ITSELF)
def set_values(asked: Asked, pairs: tuple[str, ...], *, restart: bool, encoded: bool, held: bool) -> int:
    """Set values. They are in the app's environment from the next release or restart on.

    `set NAME` reads the value from standard input, less one line end at its end; so it is in no history of a shell.
    `set` alone, or `set -`, reads lines of NAME=VALUE from there; the value is all after the first `=`, quotes too.
    With `--restart` values that the app does not boot with are taken back; of several machines all have them, or none.
    """
    there = elsewhere(asked)
    values = json.loads(_line()) if encoded else _given(pairs)
    if not values:
        raise UsageError("there is nothing to set", "write NAME=VALUE, or such lines on standard input")
    if there:
        return _send(asked, there, values, restart=restart)
    if held:
        return _hold(asked, values)
    _change(asked, values, restart=restart)
    return ExitCode.OK


def _send(asked: Asked, there: Place, values: Mapping[str, str | None], *, restart: bool) -> int:
    """Set values on other machines: they go by standard input, since anybody there can read arguments."""
    words, said = ("config", "set", "--encoded"), json.dumps(values).encode() + b"\n"
    if restart:
        return together(asked, there, (*words, "--restart"), said)
    return forward(asked, there, words, app=there.app, stdin=said)


def _hold(asked: Asked, values: Mapping[str, str | None]) -> int:
    from uncork.workflows.restart import restart_with

    app = _owner(asked)
    return hold(asked, app, "change of values", partial(restart_with, asked.layout, app, values))


@command.command("unset")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@restart_option
@asks(goes=Goes.BY_ITSELF)
def unset_values(asked: Asked, names: tuple[str, ...], *, restart: bool) -> int:
    """Take values away; with `--restart`, if the app boots without them: else it keeps them, on all machines."""
    there = elsewhere(asked)
    if there:
        return _send(asked, there, dict.fromkeys(names), restart=restart)
    _change(asked, dict.fromkeys(names), restart=restart)
    return ExitCode.OK


@command.command("get")
@click.argument("name")
@asks()
def get_value(asked: Asked, name: str) -> None:
    """Print one value."""
    app, found = _read(asked)
    if name not in found:
        raise UsageError(f"{app} has no value {name}", f"there are: {', '.join(found) or 'none'}")
    if asked.json:
        emit({"app": app, "name": name, "value": found[name]})
    else:
        click.echo(found[name])


@command.command("list")
@asks()
def list_values(asked: Asked) -> None:
    """Print the names of what is set; the values stay hidden."""
    app, found = _read(asked)
    if asked.json:
        emit({"app": app, "names": sorted(found)})
        return
    for name in sorted(found):
        click.echo(f"{name}=(hidden)")


def _owner(asked: Asked) -> str:
    from uncork.workflows.values import owner

    return owner(asked.layout, asked.app, Path.cwd())


def _read(asked: Asked) -> tuple[str, Mapping[str, str]]:
    from uncork.workflows.values import read

    app = _owner(asked)
    return app, read(asked.layout.app(app).secrets)


def _change(asked: Asked, values: Mapping[str, str | None], *, restart: bool) -> None:
    from uncork.workflows.values import change

    app = _owner(asked)
    if restart:
        _restart(asked, app, values)
        return
    change(asked.layout, app, values)
    if asked.json:
        emit({"app": app, "names": sorted(values), "restarted": False})
    else:
        names = ", ".join(sorted(values))
        click.echo(f"{app} has {names} changed from its next release on; `uncork restart` lets it begin now")


def _restart(asked: Asked, app: str, values: Mapping[str, str | None]) -> None:
    from uncork.workflows.restart import restart_with

    with progress(asked) as report:
        deployed = restart_with(asked.layout, app, values, report)
    told(asked, deployed)


def _given(pairs: Sequence[str]) -> dict[str, str | None]:
    """Return the values of the command line, or those that standard input has."""
    from uncork.workflows.values import parse_lines

    if not pairs or tuple(pairs) == ("-",):
        return dict(parse_lines(_input()))
    found: dict[str, str | None] = {}
    asked = [pair for pair in pairs if "=" not in pair]
    if len(asked) > 1:
        raise UsageError(
            f"only one value can be read from standard input, not {len(asked)}", "write NAME=VALUE, or lines of them"
        )
    for pair in pairs:
        name, equals, value = pair.partition("=")
        found[name] = value if equals else _one(name)
    return found


def _one(name: str) -> str:
    if sys.stdin.isatty():
        return str(click.prompt(name, hide_input=True, err=True))
    value = _input().removesuffix("\n")
    if not value:
        raise UsageError(
            f"standard input has no value for {name}",
            f"hand it one, as `uncork config set {name} < FILE` does; `{name}=` sets it to an empty one",
        )
    return value


def _input() -> str:
    """Return what standard input has, every byte of it: what is no UTF-8 is kept too."""
    return os.fsdecode(sys.stdin.buffer.read())


def _line() -> bytes:
    """Return a line of standard input, and leave what comes after it to who reads that next."""
    with os.fdopen(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as come:
        return come.readline()
