"""Who has a log open for writing, and how nginx and servers are made to open theirs again."""

import fcntl
import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from uncork.machine.files import opened
from uncork.machine.processes import PROC, pid_in, pids

_ACCESS: Final = os.O_RDONLY | os.O_WRONLY | os.O_RDWR


def written(paths: Iterable[Path]) -> frozenset[Path]:
    """Return those of the files that a process of ours has open for writing; what can't be asked is passed over.

    Of files of others the kernel is asked: what their processes have open is not for us to see.
    """
    wanted: dict[tuple[int, int], Path] = {}
    held: set[Path] = set()
    for path in paths:
        with suppress(OSError):
            if _is_ours(path):
                wanted[_identity(path.lstat())] = path
            elif _is_open(path):
                held.add(path)
    return frozenset(held.union(*(_held(pid, wanted) for pid in (pids() if wanted else ()))))


def _is_ours(path: Path) -> bool:
    """Whether who writes to it is who we are."""
    us = os.geteuid()
    return path.lstat().st_uid == us == path.parent.stat().st_uid


def _is_open(path: Path) -> bool:
    """Whether anybody has a file open for writing: then the kernel gives no lease for reading (fcntl(2)).

    It takes CAP_LEASE where the file is not ours; without, nothing can be said. The lease is given back at once; who
    wants to write just then waits that long, and we are sent a SIGIO, which is to be ignored.
    """
    with opened(path) as file:
        try:
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        except BlockingIOError:
            return True
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False


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


def reopen_server(pid_file: Path, name: str, among: tuple[int, ...] | None = None) -> None:
    """Send a server's master the signal at which it opens its log again, if it is there.

    The signal must be one that does nothing to who does not know it: the number may be somebody else's by now. Who
    wrote the file could name any process, nginx's master say, which would send its workers away: so it must be one of
    the user whose folder that is, or `among` those that are known to be the server's.
    """
    with suppress(OSError, ValueError):
        pid = pid_in(pid_file)
        if _runs_as(pid, pid_file.parent.stat().st_uid) if among is None else pid in among:
            os.kill(pid, signal.Signals[f"SIG{name}"])


def _runs_as(pid: int, uid: int) -> bool:
    import psutil

    try:
        return bool(psutil.Process(pid).uids().real == uid)
    except psutil.Error:
        return False
