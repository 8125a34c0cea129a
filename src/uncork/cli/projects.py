"""The argument and the options of verbs that read a project."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import click

from uncork.errors import UsageError

if TYPE_CHECKING:
    from uncork.workflows.up import UpOptions

P = ParamSpec("P")
R = TypeVar("R")

path_argument = click.argument("path", default=".", type=click.Path(exists=True, file_okay=False))


def project(path: str) -> Path:
    """Return the project's folder. Raises UsageError if it could not be named in a message or a config file."""
    full = os.path.abspath(path)  # noqa: PTH100 -- a link to the project stays what it is called
    if not full.isprintable():
        raise UsageError(
            f"the project's folder {full!a} has a character in its name that can't be seen", "rename the folder"
        )
    return Path(full)


def up_options(function: Callable[P, R]) -> Callable[P, R]:
    """Give a verb what `up` may be told."""
    return path_argument(_ENV(_PORT(_BIND(function))))


def options_of(environment: str | None, port: int | None, bind: str | None) -> "UpOptions":
    """Return what was told, as the workflows take it."""
    from uncork.workflows.up import UpOptions

    environ = {"FLASK_APP": os.environ["FLASK_APP"]} if os.environ.get("FLASK_APP") else {}
    return UpOptions(environment=environment, port=port, bind=bind, environ=environ)


def _address(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    from uncork.config.values import ADDRESS, ValueRefusedError

    try:
        return str(ADDRESS.read(value))
    except ValueRefusedError as refused:
        raise click.BadParameter(f"{refused.problem}; {refused.fix}") from refused


_ENV = click.option(
    "--env",
    "environment",
    metavar="NAME",
    help="The environment to deploy.  [default: that of the target, at first production]",
)
_PORT = click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help="The port that the front listens on, for all apps of the state directory.  [default: as it is; at first 8000]",
)
_BIND = click.option(
    "--bind",
    metavar="ADDRESS",
    callback=_address,
    help="The IP address that the front listens on.  [default: as it is; at first 127.0.0.1]",
)
