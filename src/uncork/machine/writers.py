"""Who has a log open for writing, and how nginx and servers are made to open theirs again."""

import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from uncork.machine.processes import PROC, pid_in, pids

_ACCESS: Final = os.O_RDONLY | os.O_WRONLY | os.O_RDWR


def written(paths: Iterable[Path]) -> frozenset[Path]:
    """Return those of the files that a process of ours has open for writing; what can't be asked is passed over."""
    wanted: dict[tuple[int, int], Path] = {}
    for path in paths:
        with suppress(OSError):
            wanted[_identity(path.lstat())] = path
    if not wanted:
        return frozenset()
    return frozenset(found for pid in pids() for found in _held(pid, wanted))


def _held(pid: int, wanted: dict[tuple[int, int], Path]) -> list[Path]:
    held: list[Path] = []
    folder = PROC / str(pid) / "fd"
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            path = _behind(entry, wanted)
            if path and _writes(pid, entry.name):
                held.append(path)
    return held


def _behind(entry: "os.DirEntry[str]", wanted: dict[tuple[int, int], Path]) -> Path | None:
    try:
        return wanted.get(_identity(entry.stat()))
    except OSError:  # it was closed meanwhile
        return None


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _writes(pid: int, descriptor: str) -> bool:
    """Who follows a log reads it only: proc(5), fdinfo."""
    try:
        lines = (PROC / str(pid) / "fdinfo" / descriptor).read_text("ascii").splitlines()
    except OSError:
        return False
    flags = next((int(line.split()[1], 8) for line in lines if line.startswith("flags:")), 0)
    return flags & _ACCESS != os.O_RDONLY


def reopen_front(pid_file: Path, config: Path) -> None:
    """Have nginx open its logs again, if it is there: SIGUSR1 would end whoever else has its number by now."""
    with suppress(OSError, ValueError):
        pid = pid_in(pid_file)
        title = (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ")
        if title.startswith(b"nginx: master process") and os.fsencode(config) in title:
            os.kill(pid, signal.SIGUSR1)


def reopen_server(pid_file: Path, name: str) -> None:
    """Send a server's master the signal at which it opens its log again, if it is there.

    The signal must be one that does nothing to who does not know it: the number may be somebody else's by now.
    """
    with suppress(OSError, ValueError):
        os.kill(pid_in(pid_file), signal.Signals[f"SIG{name}"])
