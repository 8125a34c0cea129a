"""Processes and users of this machine: who serves, what lives, and how a group of processes is ended."""

import grp
import os
import pwd
import signal
import time
from pathlib import Path
from typing import Final

from uncork.machine.files import opened
from uncork.machine.identity import acting_as
from uncork.model import Account

CANDIDATES: Final = ("uncork", "www-data", "nobody")
POLL: Final = 0.02
POLITE: Final = {"nginx": signal.SIGQUIT, "apache2": signal.SIGWINCH, "httpd": signal.SIGWINCH}
PROC: Final = Path("/proc")


def account() -> Account | None:
    """Return who serves requests when we are root: the first that exists of uncork, www-data and nobody."""
    if os.geteuid() != 0:
        return None
    return next((found for name in CANDIDATES if (found := named(name))), None)


def named(name: str) -> Account | None:
    """Return the user of that name; None if there is none."""
    try:
        entry = pwd.getpwnam(name)
        return Account(name, grp.getgrgid(entry.pw_gid).gr_name, entry.pw_uid, entry.pw_gid)
    except KeyError:
        return None


def reachable(path: str, account: Account) -> bool:
    """Return whether that account can get to a program and execute it. Only root can ask this."""
    with acting_as(account):
        return os.access(path, os.X_OK, effective_ids=True)


def alive(pid: int) -> bool:
    """Return whether a process runs; one that has ended, and that nobody has asked about yet, does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return _state(pid) != "Z"


def stop_group(pid: int, seconds: float) -> None:
    """Ask a process and its group to end, and kill what has not after that many seconds; ended ones are fine."""
    try:
        group = os.getpgid(pid)
    except ProcessLookupError:
        return
    target = group if group not in {0, 1, os.getpgrp()} else None
    members = _members(group) if target else (pid,)
    _signal(pid, target, _polite(pid))
    if not ended_within(members, seconds):
        _signal(pid, target, signal.SIGKILL)
        ended_within(members, 1.0)


def _polite(pid: int) -> signal.Signals:
    """Return what lets a process finish its requests: nginx and Apache drop them at TERM."""
    try:
        return POLITE.get((PROC / str(pid) / "comm").read_text().strip(), signal.SIGTERM)
    except OSError:
        return signal.SIGTERM


def _signal(pid: int, group: int | None, number: signal.Signals) -> None:
    """Never to a group that we are in ourselves."""
    try:
        if group:
            os.killpg(group, number)
        else:
            os.kill(pid, number)
    except ProcessLookupError:
        pass


def _members(group: int) -> tuple[int, ...]:
    return tuple(pid for pid in pids() if group_of(pid) == group) or (group,)


def ended_within(those: tuple[int, ...], seconds: float) -> bool:
    """Wait until none of the processes runs; return False if some still do after that many seconds."""
    deadline = time.monotonic() + seconds
    while any(alive(pid) for pid in those):
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL)
    return True


def pids() -> tuple[int, ...]:
    """Return every process; none where there is no /proc."""
    try:
        return tuple(int(name) for name in os.listdir(PROC) if name.isdecimal())  # noqa: PTH208 -- names are wanted
    except FileNotFoundError:
        return ()


def in_container(pid: int) -> bool:
    """Return whether a process is of a container, where names may be ours: it is only seen from here."""
    try:
        return (PROC / str(pid) / "ns" / "pid").readlink() != (PROC / "self" / "ns" / "pid").readlink()
    except OSError:
        return False


def pid_in(path: Path) -> int:
    """Return the pid that a file names. Raises ValueError if it names none, and OSError if it can't be read.

    No link is followed, nor a pipe waited for: who serves may have put one there.
    """
    with opened(path) as file:
        return int(file.read(32))


def running_in(path: Path) -> int:
    """Return the pid that a file names; 0 if it names none that runs."""
    try:
        pid = pid_in(path)
    except (OSError, ValueError):
        return 0
    return pid if alive(pid) else 0


def group_of(pid: int) -> int:
    """Return the number of a process's group; 0 if it has ended."""
    try:
        return os.getpgid(pid)
    except (ProcessLookupError, PermissionError):
        return 0


def parent_of(pid: int) -> int:
    """Return the pid of a process's parent; 0 if it has ended."""
    fields = _stat(pid)
    return int(fields[1]) if len(fields) > 1 else 0


def children(pid: int) -> tuple[int, ...]:
    """Return the pids of a process's children, the oldest first; none if it is gone, or may not be asked."""
    import psutil

    try:
        return tuple(child.pid for child in psutil.Process(pid).children() if child.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return ()


def titled(pid: int, title: str) -> bool:
    """Return whether a process's command line begins with that."""
    try:
        return read(pid, "cmdline").startswith(title.encode())
    except OSError:
        return False


def started(pid: int) -> float:
    """Return when a process was started, in epoch seconds; 0 if it is gone, or may not be asked."""
    import psutil

    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return 0.0


def _state(pid: int) -> str:
    fields = _stat(pid)
    return fields[0] if fields else ""


def _stat(pid: int) -> list[str]:
    """Return the fields of proc(5)'s stat from the third on: the second is a name that may hold anything."""
    try:
        return read(pid, "stat").decode("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return []


def read(pid: int, name: str) -> bytes:
    """Return what /proc has of a process under that name. Raises OSError if it is gone, or not ours to read.

    Every process is read several times in a deploy: with pathlib and text files it took three times as long.
    """
    descriptor = os.open(f"/proc/{pid}/{name}", os.O_RDONLY)
    try:
        read = b""
        while more := os.read(descriptor, 1 << 16):
            read += more
        return read
    finally:
        os.close(descriptor)


def resident(pid: int) -> int:
    """Return the bytes of memory that a process has; 0 if it is gone, or may not be asked."""
    import psutil

    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0
