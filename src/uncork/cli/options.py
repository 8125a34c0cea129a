"""The options that every verb has: which state directory, which app, JSON; before the verb or after it."""

import os
from collections.abc import Callable, Sequence
from enum import Enum
from functools import wraps
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, TypeVar

import click

from uncork.cli.asked import Asked
from uncork.errors import UsageError
from uncork.machine.person import BY
from uncork.serving import THIS_MACHINE

__all__ = ["Asked", "Goes", "asks", "asks_nothing", "by_option", "home", "wants"]

P = ParamSpec("P")
R = TypeVar("R")

HOME: Final = "UNCORK_HOME"
DEBUG: Final = "UNCORK_DEBUG"
LONGEST_NAME: Final = 200
ROOTS_HOME: Final = "/var/lib/uncork"


def wants(words: Sequence[str], flag: str) -> bool:
    """Return whether a command line holds a flag; also one that can't be parsed."""
    ours = words[: words.index("--")] if "--" in words else words
    return flag in ours


class Goes(Enum):
    """Where a verb goes: to the project's target, all of it or none, one that is named, by itself, nowhere but here."""

    THERE = "there"
    TOGETHER = "together"
    IF_TOLD = "if told"
    BY_ITSELF = "by itself"
    HERE = "here"


def asks(
    *, app: bool = True, goes: Goes = Goes.THERE, one: bool = True
) -> Callable[[Callable[Concatenate[Asked, P], R]], Callable[P, R]]:
    """Give a verb the options that every verb has, as its first argument; `app`: it acts on one app.

    What `goes` elsewhere is run by the uncork of the machines there, and the function is not called; it is told of the
    project's app, unless the verb is as good for all of them (not `one`).
    """

    def decorate(function: Callable[Concatenate[Asked, P], R]) -> Callable[P, R]:
        @wraps(function)
        def command(*args: P.args, **kwargs: P.kwargs) -> R:
            context = click.get_current_context()
            asked = _asked(context)
            if asked.app is not None and not app:
                raise click.UsageError("this verb takes no --app")
            if goes is Goes.HERE:
                _stays(asked, context)
            elif goes is not Goes.BY_ITSELF and context.invoked_subcommand is None:
                _leave(asked, context, goes, app=app and one)
            return function(asked, *args, **kwargs)

        return _common(_APP(command) if app else command)

    return decorate


def _stays(asked: Asked, context: click.Context) -> None:
    """Raise UsageError if a verb for this machine alone was sent to another."""
    if asked.hosts or asked.target not in {None, THIS_MACHINE}:
        verb = context.command_path
        raise UsageError(
            f"`{verb}` is for this machine alone", "take -t and --host out; `uncork deploy` is what goes to machines"
        )


def _leave(asked: Asked, context: click.Context, goes: Goes, *, app: bool) -> None:
    """Run the verb on the machines it goes to, and end with its exit status; do nothing if it is for this one."""
    from uncork.cli.places import place

    there = place(asked, Path.cwd(), implied=goes is not Goes.IF_TOLD)
    if there:
        from uncork.cli.forward import forward
        from uncork.cli.words import words

        if goes is Goes.TOGETHER:
            from uncork.cli.together import together

            context.exit(together(asked, there, words(context)))
        context.exit(forward(asked, there, words(context), app=there.app if app else asked.app))


def asks_nothing(function: Callable[P, R]) -> Callable[P, R]:
    """Let the options of every verb stand before the verb too."""
    return _common(_APP(function))


def by_option(function: Callable[P, R]) -> Callable[P, R]:
    """Let another machine's uncork say who called it, and from where: hidden, since it is for no person."""
    return click.option("--by", metavar="WHO[,ADDRESS]", hidden=True, expose_value=False, callback=_told_by)(function)


def home(said: str | None) -> Path:
    """Return the state directory: what was said, else $UNCORK_HOME, else that of this user; its real path.

    Raises UsageError if it could not be named in a config file.
    """
    text = said or os.environ.get(HOME) or _default_home()
    path = os.path.realpath(os.path.expanduser(text))  # noqa: PTH111 -- Path would swallow what is looked for
    if not path.isprintable() or ":" in path:
        raise UsageError(
            f"the state directory {path!a} has a colon in its name, or a character that can't be seen",
            "choose another one with --home: a colon separates folders in PATH and the like",
        )
    return Path(path)


def _default_home() -> str:
    if os.geteuid() == 0:
        return ROOTS_HOME
    data = os.environ.get("XDG_DATA_HOME", "")
    # The XDG base directory specification: a relative path is to be ignored.
    return os.path.join(data if os.path.isabs(data) else "~/.local/share", "uncork")  # noqa: PTH117, PTH118


def _asked(context: click.Context) -> Asked:
    said = context.meta
    return Asked(
        home(said.get("uncork.home")),
        said.get("uncork.app"),
        json=bool(said.get("uncork.json")),
        debug=bool(said.get("uncork.debug")),
        target=said.get("uncork.target"),
        hosts=said.get("uncork.host", ()),
        accept_new=bool(said.get("uncork.accept_new_host_key")),
        home_said="uncork.home" in said,
    )


def _remember(context: click.Context, parameter: click.Parameter, value: str | tuple[str, ...] | bool | None) -> None:  # noqa: FBT001
    """Keep what was said where every context sees it: the verb's own option comes last, and wins."""
    if value not in {None, False, ()}:
        context.meta[f"uncork.{parameter.name}"] = value


def _told_by(context: click.Context, parameter: click.Parameter, value: str | None) -> None:  # noqa: ARG001
    """Keep it where children of this process have it too, since a deploy goes on in one."""
    if value is None:
        return
    if not value.isprintable() or len(value) > LONGEST_NAME:
        raise click.BadParameter("it is no name")
    os.environ[BY] = value


def _common(function: Callable[P, R]) -> Callable[P, R]:
    return _TARGET(_HOST(_ACCEPT(_HOME(_JSON(_DEBUG(function))))))


_TARGET: Final = click.option(
    "-t",
    "--target",
    metavar="NAME",
    expose_value=False,
    callback=_remember,
    help=f"The target to act on; `{THIS_MACHINE}` is this machine. Without it the project's only one, if it has one.",
)
_HOST: Final = click.option(
    "--host",
    metavar="HOST",
    multiple=True,
    expose_value=False,
    callback=_remember,
    help="A machine to act on: one of the target's, or any as `ssh` takes it; repeatable.",
)
_ACCEPT: Final = click.option(
    "--accept-new-host-key",
    is_flag=True,
    expose_value=False,
    callback=_remember,
    help="Trust machines that were never met before, without asking.",
)
_HOME: Final = click.option(
    "--home",
    metavar="DIR",
    expose_value=False,
    callback=_remember,
    help=f"The state directory. Without it ${HOME}, else {ROOTS_HOME} for root, else ~/.local/share/uncork.",
)
_APP: Final = click.option(
    "--app",
    metavar="NAME",
    expose_value=False,
    callback=_remember,
    help="The app to act on. Without it the only one there is.",
)
_JSON: Final = click.option(
    "--json", is_flag=True, expose_value=False, callback=_remember, help="Print one JSON object, errors too."
)
_DEBUG: Final = click.option(
    "--debug",
    is_flag=True,
    expose_value=False,
    callback=_remember,
    help=f"Print the traceback of an error in uncork itself; ${DEBUG} does the same.",
)
