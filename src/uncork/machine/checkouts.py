"""What git knows of a project: the files that it tracks, and those that it would add."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from uncork.errors import UsageError
from uncork.machine.walks import is_made, walked

_WAIT: Final = 60.0
# Whoever deploys may not be who owns the checkout; and no program that its config names is to be run.
_GIT: Final = ("-c", "safe.directory=*", "-c", "core.fsmonitor=false", "-c", "core.untrackedCache=false")


@dataclass(frozen=True)
class Checkout:
    """The names of the files in a checkout, relative to it, and what could not be found out.

    `unknown` are those among them that git does not track.
    """

    names: tuple[str, ...]
    notes: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def checked_out(root: Path) -> Checkout | None:
    """Return the files that are tracked, or neither tracked nor ignored; None where git knows nothing of the folder.

    Files that are deleted in the work tree are left out; those of submodules, and of other checkouts inside, count.
    """
    if not any((folder / ".git").exists() for folder in (root, *root.parents)):
        return _ignoring(root)
    if not shutil.which("git"):
        return Checkout(tuple(walked(root)), ("git is not installed, so .gitignore was not read",))
    tracked, others = _listed(root, "--cached"), _listed(root, "--others", "--exclude-standard")
    # None: the folder is no checkout after all. Nothing: a checkout around it ignores it.
    if tracked is None or others is None or not tracked + others:
        return None
    known = frozenset(others)
    added = tuple(name for name in others if not is_made(name, known))
    notes: list[str] = []
    names = dict.fromkeys(file for name in (*tracked, *added) for file in _files(root, name.rstrip("/"), notes))
    return Checkout(tuple(names), tuple(notes), added)


def modified(root: Path) -> tuple[str, ...]:
    """Return the tracked files below a folder that are not as they were last committed; none where git can't tell."""
    if not shutil.which("git"):
        return ()
    said = _asked(root, "status", "--porcelain", "-z", "--no-renames", "--untracked-files=no", "--", ".")
    top = _asked(root, "rev-parse", "--show-prefix")
    inside = top[0].strip() if top else ""
    return tuple(line[3:].removeprefix(inside) for line in said or ())


def branch(root: Path) -> str:
    """Return the branch that is checked out in a folder. Raises UsageError if git knows none."""
    if not shutil.which("git"):
        raise UsageError("git is not installed here", "install it, or deploy by `uncork deploy`")
    said = _asked(root, "symbolic-ref", "--quiet", "--short", "HEAD")
    if not said:
        raise UsageError(f"{root} is no git checkout, or no branch is checked out in it", "run it where one is")
    return said[0].strip()


def _ignoring(root: Path) -> Checkout | None:
    """Return the files of a folder that is no checkout, less those that a .gitignore in it is about, if it has one."""
    if not (root / ".gitignore").exists():
        return None
    if not shutil.which("git"):
        return Checkout(tuple(walked(root)), ("git is not installed, so .gitignore was not read",))
    with tempfile.TemporaryDirectory(prefix="uncork-") as empty:
        if _asked(root, "init", "--quiet", "--template=", empty) is None:
            return None
        as_if = ("--git-dir", f"{empty}/.git", "--work-tree", str(root))
        names = _asked(root, *as_if, "ls-files", "-z", "--others", "--exclude-standard")
    known = frozenset(names or ())
    return Checkout(tuple(name for name in names if not is_made(name, known))) if names else None


def _files(root: Path, name: str, notes: list[str]) -> Iterator[str]:
    """Yield the name of a file that is there; for the folder of a submodule the names of its files."""
    path = root / name
    if path.is_symlink() or not path.is_dir():
        yield from (name,) if os.path.lexists(path) else ()
        return
    inner = checked_out(path) if (path / ".git").exists() else None
    if inner is None:
        notes.append(f"the submodule {name} is not checked out: run `git submodule update --init`")
        return
    notes += inner.notes
    yield from (f"{name}/{file}" for file in inner.names)


def _listed(root: Path, *which: str) -> list[str] | None:
    """Return what `git ls-files` lists below a folder, None if git can't tell."""
    return _asked(root, "ls-files", "-z", *which)


def _asked(root: Path, *words: str) -> list[str] | None:
    """Return what git says in a folder, which ends each part with a NUL; None if it can't tell."""
    argv = ("git", *_GIT, *words)
    ours = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")} | {"LC_ALL": "C"}
    answer = subprocess.run(argv, cwd=root, env=ours, capture_output=True, check=False, timeout=_WAIT)
    return [os.fsdecode(name) for name in answer.stdout.split(b"\0") if name] if answer.returncode == 0 else None
