"""Run a command, or a Python with the app in it, in the live release, with its environment."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from uncork.app_layout import AppLayout
from uncork.errors import UsageError
from uncork.layout import Layout
from uncork.machine import files
from uncork.model import Account, Release
from uncork.recipes.build import given, variables
from uncork.records import decode
from uncork.report import Silent
from uncork.workflows.accounts import account_of
from uncork.workflows.audit import note
from uncork.workflows.values import read
from uncork_runtime import cores

# FLASK_APP is the release's run.py: it makes the app as the server does, with the values of `config set`.
SHELL: Final = """\
import os, runpy
app = runpy.run_path(os.environ["FLASK_APP"])["app"]
if hasattr(app, "make_shell_context"):
    app.app_context().push()
    globals().update(app.make_shell_context())
"""
# What would make the release's Python another one than it is.
_OURS: Final = ("PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "__PYVENV_LAUNCHER__")
_OTHERS: Final = frozenset({"PATH", "LANG", "TZ", "TERM", "COLORTERM", "NO_COLOR"})


@dataclass(frozen=True)
class Command:
    """A command that is ready to take this process's place."""

    argv: tuple[str, ...]
    directory: Path
    env: Mapping[str, str]
    account: Account | None


def run(layout: Layout, app: str, argv: tuple[str, ...]) -> NoReturn:
    """Run a command in the app's live release; this process becomes it, so its exit status is ours.

    Raises UsageError if there is no such command. As root it runs as the account that serves the app.
    """
    ready = command(layout, app, argv, os.environ, account_of(layout, app))
    note(layout, app, f"run {argv[0]}", Silent(), "begun")
    become(ready)


def shell(layout: Layout, app: str) -> NoReturn:
    """Open a Python in the app's live release, with `app` defined, and Flask's shell context if it is Flask."""
    run(layout, app, ("python", "-i", "-c", SHELL))


def command(
    layout: Layout, app: str, argv: tuple[str, ...], environ: Mapping[str, str], account: Account | None
) -> Command:
    """Return what `run` becomes. Values of `config set` are in its environment, never in argv."""
    paths = layout.app(app)
    number = _live(paths)
    release = decode(files.read(paths.record(number)))
    env = _env(paths, release, environ, account)
    program = shutil.which(argv[0], path=env["PATH"])
    if not program:
        raise UsageError(
            f"there is no command {argv[0]} in release {number} of {app}",
            "add what brings it to the project's dependencies, or give its path",
        )
    return Command((program, *argv[1:]), paths.source(number), env, account)


def become(command: Command) -> NoReturn:
    """Replace this process by the command, which has all the cores that there are."""
    cores.take_all()
    os.chdir(command.directory)
    if command.account:
        os.setgroups([])
        os.setgid(command.account.gid)
        os.setuid(command.account.uid)
    os.execve(command.argv[0], command.argv, command.env)  # noqa: S606 -- that is what it is for


def _live(paths: AppLayout) -> int:
    try:
        return int(paths.live.readlink().name)
    except (OSError, ValueError) as error:
        raise UsageError(f"{paths.app} has no live release", "deploy it with `uncork up`") from error


def _env(paths: AppLayout, release: Release, environ: Mapping[str, str], account: Account | None) -> Mapping[str, str]:
    base = {**_kept(paths.source(release.id), environ, account), **dict(given(read(paths.secrets)))}
    return {
        **base,
        "PATH": os.pathsep.join((f"{release.venv}/bin", base.get("PATH") or os.defpath)),
        "VIRTUAL_ENV": release.venv,
        "FLASK_APP": str(paths.release(release.id) / "run.py"),
        **dict(variables(paths, release.id, release.environment)),
        **dict(release.service.env),
    }


def _kept(home: Path, environ: Mapping[str, str], account: Account | None) -> dict[str, str]:
    """Return what stays of our own environment; who serves requests must not see what root has in it."""
    if not account:
        return {name: value for name, value in environ.items() if name not in _OURS}
    kept = {name: value for name, value in environ.items() if name in _OTHERS or name.startswith("LC_")}
    return {**kept, "HOME": str(home), "USER": account.name, "LOGNAME": account.name}
