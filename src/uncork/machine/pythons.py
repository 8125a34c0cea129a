"""The Pythons of this machine: the one that runs uncork, those on the PATH, those sent here, uv's and pyenv's."""

import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from uncork.layout import MACHINE
from uncork.model import Interpreter

NAME: Final = re.compile(r"python3\.\d+$")
VERSION: Final = re.compile(rb"Python (3\.\S+)")
USUAL: Final = ("/usr/local/bin", "/usr/bin")
SCRIPT: Final = b"#!"
WAIT: Final = 5.0


def interpreters(uv: str) -> Iterator[Interpreter]:
    """Yield every Python 3 by its real path: the one that runs uncork first, then in the order of the PATH.

    Each is asked for its version when its turn comes, uv for its folder too: mostly one of the first will do, and
    visitors don't wait while all of them run at once.

    `uv python list` would tell too, but it runs every shim of pyenv's (0.7 s where each other way takes 0.05 s), and
    names the shims, which are of no use to another user.
    """
    ours = Path(os.path.realpath(_running()))
    yield Interpreter(str(ours), platform.python_version())
    known = {ours}
    for path in (path for folder in _folders(uv) for path in _in(folder)):
        if path not in known and (version := _version(path)):
            yield Interpreter(str(path), version)
        known.add(path)


def _running() -> Path:
    """Return the interpreter below the virtual environment that we may run in."""
    base = Path(sys.base_prefix, "bin", f"python3.{sys.version_info.minor}")
    return base if base.exists() else Path(sys.executable)


def _folders(uv: str) -> Iterator[Path]:
    for folder in (*os.environ.get("PATH", "").split(os.pathsep), *USUAL):
        if folder:
            yield Path(folder)
    yield from _versions(MACHINE.pythons)
    yield from _versions(_uv_folder(uv))
    yield from _versions(Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv", "versions"))


def _versions(root: Path) -> Iterator[Path]:
    yield from (root / name / "bin" for name in sorted(_names(root), key=_numbers, reverse=True))


def _names(folder: Path) -> list[str]:
    """Return what is in a folder; nothing of another user's, which $PYENV_ROOT is in an environment taken along."""
    try:
        return os.listdir(folder)  # noqa: PTH208 -- names are wanted
    except OSError:
        return []


def _numbers(name: str) -> tuple[int, ...]:
    """3.10 is newer than 3.9."""
    return tuple(int(digits) for digits in re.findall(r"\d+", name))


def _uv_folder(uv: str) -> Path:
    """Return where uv keeps the Pythons it installs."""
    argv = (uv, "python", "dir", "--color", "never", "--offline")
    answer = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=WAIT)
    return Path(answer.stdout.strip() or "/nonexistent")


def _in(folder: Path) -> Iterator[Path]:
    """Yield the programs in a folder that are named like a Python, by their real path; no scripts, as shims are."""
    try:
        names = [entry.name for entry in os.scandir(folder) if NAME.match(entry.name) or entry.name == "python3"]
    except OSError:
        return
    for name in sorted(names, key=_minor, reverse=True):
        real = Path(os.path.realpath(folder / name))
        if NAME.match(real.name) and _is_program(real):
            yield real


def _minor(name: str) -> int:
    """`python3` comes first: it is what the machine's owner chose."""
    return int(name.partition(".")[2] or sys.maxsize)


def _is_program(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(2) != SCRIPT and os.access(path, os.X_OK)
    except OSError:
        return False


def _version(path: Path) -> str | None:
    try:
        answer = subprocess.run(
            (path, "-V"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
            timeout=WAIT,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = VERSION.match(answer.stdout)
    return match[1].decode() if match else None
