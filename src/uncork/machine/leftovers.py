"""Processes of a state directory that no supervisor holds any more: after one was killed, they serve on."""

import os
import signal
from contextlib import suppress
from pathlib import Path

from uncork.layout import Layout
from uncork.machine import supervisord
from uncork.machine.processes import PROC, parent_of, pids, read
from uncork.machine.supervisord import SupervisorFault


def find(layout: Layout) -> tuple[int, ...]:
    """Return the pids to end, a supervisor that does not answer any more first; none where there is no /proc.

    A service is known by its environment, a supervisor and the agent by their command lines, and nginx, which writes
    its title over its environment, by its config in its title, or by the folder it is in. So a pid that was given to
    somebody else since is never ours, nor one that an app wrote into a pid file.
    """
    held = _supervisor(layout)
    parents = {pid: parent_of(pid) for pid in pids()}
    us = _ancestry(os.getpid(), parents)
    lost = {pid: _words(pid, "cmdline") for pid in parents if not _is_held(pid, held, us, parents)}
    supervisors = [pid for pid, command in lost.items() if _is_supervisor(command, layout)]
    others = [pid for pid in lost if pid not in supervisors and _is_ours(pid, lost[pid], layout)]
    return tuple(sorted(supervisors) + sorted(others))


def kill(run: Path) -> None:
    """Kill every process that has that folder as its UNCORK_RUN: where a master was killed, its children live on."""
    mark = b"UNCORK_RUN=" + os.fsencode(run)
    for pid in pids():
        if pid != os.getpid() and mark in _words(pid, "environ"):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _supervisor(layout: Layout) -> int | None:
    """Return the pid of the supervisor that takes our orders: its pid file may not be written yet, or be another's."""
    try:
        pid = supervisord.call(layout.supervisor_socket, "supervisor.getPID")
    except (OSError, SupervisorFault):
        return None
    return pid if isinstance(pid, int) else None


def _is_held(pid: int, supervisor: int | None, us: list[int], parents: dict[int, int]) -> bool:
    """Whether a process is the supervisor, a descendant of its, or we ourselves with all who started us."""
    return pid in us or (supervisor is not None and supervisor in _ancestry(pid, parents))


def _ancestry(pid: int, parents: dict[int, int]) -> list[int]:
    line: list[int] = []
    while pid and pid not in line:
        line.append(pid)
        pid = parents.get(pid, 0)
    return line


def _is_supervisor(command: list[bytes], layout: Layout) -> bool:
    named = os.fsencode(layout.supervisor_config)
    return named in command and any(b"supervisord" in word for word in command if word != named)


def _is_ours(pid: int, command: list[bytes], layout: Layout) -> bool:
    return (
        _is_agent(command, layout)
        or _is_start(command, layout)
        or _is_front(pid, command, layout)
        or _is_service(pid, layout)
    )


def _is_service(pid: int, layout: Layout) -> bool:
    """UNCORK_HOME alone may stand in anybody's shell; UNCORK_RUN is set for what a supervisor starts only."""
    environment = _words(pid, "environ")
    if b"UNCORK_HOME=" + os.fsencode(layout.home) not in environment:
        return False
    prefix = b"UNCORK_RUN=" + os.fsencode(layout.run) + b"/"
    return any(word.startswith(prefix) for word in environment)


def _is_agent(command: list[bytes], layout: Layout) -> bool:
    """It has dropped its privileges, so that its environment is not to be read; its command line is."""
    return b"uncork.agent" in command and os.fsencode(layout.home) in command


def _is_start(command: list[bytes], layout: Layout) -> bool:
    """Whether it is a start script, which becomes a service in a moment."""
    return len(command) > 1 and command[0] == b"/bin/sh" and command[1].startswith(os.fsencode(layout.programs) + b"/")


def _is_front(pid: int, command: list[bytes], layout: Layout) -> bool:
    title = b" ".join(command)
    if not title.startswith(b"nginx: "):
        return False
    folder = _folder(pid)
    return os.fsencode(layout.front) + b"/" in title or (folder is not None and folder.parent == layout.home)


def _folder(pid: int) -> Path | None:
    try:
        return (PROC / str(pid) / "cwd").readlink()
    except OSError:
        return None


def _words(pid: int, name: str) -> list[bytes]:
    try:
        return read(pid, name).split(b"\0")
    except OSError:
        return []
