"""A Python of uv's for a machine that has none which will do: got here, and sent, so that it reaches for nothing."""

import re
from pathlib import Path
from typing import Final

from uncork.errors import StepFailedError, UsageError, UserError
from uncork.layout import MACHINE
from uncork.machine import commands, downloads, tools
from uncork.plan import Directory, Run
from uncork.recipes.specifier import version
from uncork.remote import hands
from uncork.remote.audit import audited
from uncork.remote.everywhere import not_set_up
from uncork.remote.look import machine
from uncork.remote.progress import metered, step
from uncork.remote.setting_up import REPLACE
from uncork.remote.ssh import Connection
from uncork.remote.transfer import SoFar, items, send
from uncork.report import Reporter

TIMEOUT: Final = 900.0
_WANTED: Final = re.compile(r"3\.(?:9|[1-9]\d)(?:\.\d+)?")


def give(connection: Connection, wanted: str, report: Reporter) -> Path:
    """Have a Python of that version (`3.13`: the newest of them) on a machine, and return its folder there.

    Raises UsageError for what is no such version, or where the machine is not set up; UserError where uv has none.
    """
    if not _WANTED.fullmatch(wanted):
        raise UsageError(f"{wanted!r} is no version of Python that a release runs on", "write, for example, 3.13")
    known = machine(connection)
    if not known:
        raise not_set_up(connection.host)
    with step(report, f"get Python {wanted}"):
        folder = _got(wanted, known.machine)
    there = MACHINE.pythons / folder.name
    if connection.run(("test", "-e", str(there))).code:
        why = f"send it to {connection.host}"
        with audited(connection, f"server python {wanted}"), step(report, why):
            _put(connection, folder, there, metered(report, why))
    return there


def _got(wanted: str, kind: str) -> Path:
    """Return the folder of a Python, got by uv unless that was done before."""
    folder, platform = downloads.cache() / "pythons", f"linux-{kind}-gnu"
    argv = (tools.uv(), "python", "install", "--quiet", "--no-bin", "--install-dir", str(folder))
    try:
        commands.run(Run((*argv, f"cpython-{wanted}-{platform}"), f"get Python {wanted}", TIMEOUT), None)
    except StepFailedError as error:
        fix = "see what versions there are: `uv python list --all-versions`; and that this computer reaches them"
        raise UserError(f"could not {error.why}: {error.reason}", fix, error.output) from error
    # uv makes links for the minor versions beside the folders.
    exact = re.compile(rf"cpython-{re.escape(wanted)}(\.\d+)?-{platform}")
    found = (path for path in folder.iterdir() if exact.fullmatch(path.name) and not path.is_symlink())
    return max(found, key=lambda path: version(path.name.removeprefix("cpython-")))


def _put(connection: Connection, folder: Path, there: Path, so_far: SoFar) -> None:
    """Under its own name it is whole: it is filled beside, with its bytecode, which only root may write."""
    new = MACHINE.home / f"{there.name}.new"
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    names = sorted(str(name) for name in found if "__pycache__" not in name.parts)
    send(connection, items(folder, names), str(new), so_far=so_far)
    compiled = (str(new / "bin" / "python3"), "-I", "-m", "compileall", "-q", "-s", str(new), "-p", str(there))
    hands.carry_out(connection, Run((*compiled, str(new / "lib")), "compile it", TIMEOUT))
    hands.carry_out(connection, Directory(there.parent))
    hands.carry_out(connection, Run(("sh", "-c", REPLACE, "sh", str(new), str(there)), "put it in place"))
