"""The options that every verb has: which state directory, which app, JSON; before the verb or after it."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, Final, ParamSpec, TypeVar

import click

from uncork.errors import UsageError

if TYPE_CHECKING:
    from uncork.layout import Layout

P = ParamSpec("P")
R = TypeVar("R")

HOME: Final = "UNCORK_HOME"
DEBUG: Final = "UNCORK_DEBUG"
ROOTS_HOME: Final = "/var/lib/uncork"


@dataclass(frozen=True)
class Asked:
    """What the options of every verb say."""

    home: Path
    app: str | None = None
    json: bool = False

    @property
    def layout(self) -> "Layout":
        """Where everything of the state directory is; root's own is the machine's, if that was set up for serving."""
        from uncork.layout import MACHINE, Layout, runtime_directory

        if self.home == MACHINE.home and os.geteuid() == 0 and MACHINE.machine_record.exists():
            return MACHINE
        return Layout(self.home, runtime_directory(self.home, os.getuid()))


def wants(words: Sequence[str], flag: str) -> bool:
    """Return whether a command line holds a flag; also one that can't be parsed."""
    ours = words[: words.index("--")] if "--" in words else words
    return flag in ours


def asks(*, app: bool = True) -> Callable[[Callable[Concatenate[Asked, P], R]], Callable[P, R]]:
    """Give a verb the options that every verb has, as its first argument; `app`: it acts on one app."""

    def decorate(function: Callable[Concatenate[Asked, P], R]) -> Callable[P, R]:
        @wraps(function)
        def command(*args: P.args, **kwargs: P.kwargs) -> R:
            asked = _asked(click.get_current_context())
            if asked.app is not None and not app:
                raise click.UsageError("this verb takes no --app")
            return function(asked, *args, **kwargs)

        return _common(_APP(command) if app else command)

    return decorate


def asks_nothing(function: Callable[P, R]) -> Callable[P, R]:
    """Let the options of every verb stand before the verb too."""
    return _common(_APP(function))


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
    return Asked(home(said.get("uncork.home")), said.get("uncork.app"), json=bool(said.get("uncork.json")))


def _remember(context: click.Context, parameter: click.Parameter, value: str | bool | None) -> None:  # noqa: FBT001
    """Keep what was said where every context sees it: the verb's own option comes last, and wins."""
    if value is not None and value is not False:
        context.meta[f"uncork.{parameter.name}"] = value


def _common(function: Callable[P, R]) -> Callable[P, R]:
    return _HOME(_JSON(_DEBUG(function)))


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
