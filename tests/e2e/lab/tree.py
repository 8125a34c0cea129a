"""All files of a machine, so that two states of it can be compared."""

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

Tree = Mapping[str, str]

# Mounted while it runs, or gone when it boots.
ELSEWHERE: Final = frozenset({"dev", "proc", "run", "sys", "tmp"})
# Written by the system at its own times, whatever anybody does.
ITS_OWN: Final = ("etc/machine-id", "root/.cache", "var/lib/systemd/", "var/log/", "var/tmp/")
# What files hold, of all machines, most of whose files are the image's: no write leaves the time of change as it was.
_read: Final[dict[tuple[int, ...], str]] = {}


def tree(root: Path) -> Tree:
    """Return each file of a file system: path -> kind, mode, owner and what it holds."""
    return dict(_entries(root))


def differences(before: Tree, after: Tree, *but: str) -> tuple[str, ...]:
    """Return what came, went or changed, but for paths that begin with one of `but`, and what is the system's own."""
    ignored = (*ITS_OWN, *but)
    paths = sorted(path for path in before.keys() | after.keys() if not path.startswith(ignored))
    return tuple(
        f"{path}: {before.get(path, 'nothing')} -> {after.get(path, 'nothing')}"
        for path in paths
        if before.get(path) != after.get(path)
    )


def _entries(root: Path) -> Iterator[tuple[str, str]]:
    for folder, folders, files in os.walk(root):
        inner = Path(folder)
        if inner == root:
            folders[:] = [name for name in folders if name not in ELSEWHERE]
        for name in (*folders, *files):
            yield str((inner / name).relative_to(root)), _entry(inner / name)


def _entry(path: Path) -> str:
    found = path.lstat()
    about = f"{stat.filemode(found.st_mode)} {found.st_uid}:{found.st_gid}"
    if stat.S_ISLNK(found.st_mode):
        return f"{about} -> {path.readlink()}"
    if stat.S_ISREG(found.st_mode):
        return f"{about} {_digest(path, found)}"
    return about


def _digest(path: Path, found: os.stat_result) -> str:
    which = (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    if which not in _read:
        _read[which] = hashlib.sha1(path.read_bytes(), usedforsecurity=False).hexdigest()
    return _read[which]
