"""Processes of a state directory that no supervisor holds any more: after one was killed, they serve on."""

import os
import signal
from contextlib import suppress
from pathlib import Path

from uncork.layout import Layout
from uncork.machine import supervisord
from uncork.machine.processes import PROC, alive, in_container, parent_of, pids, read
from uncork.machine.supervisord import SupervisorFault


def find(layout: Layout) -> tuple[int, ...]:
    """Return the pids to end, a supervisor that does not answer any more first; none where there is no /proc.

    A service is known by its environment, a supervisor and the agent by their command lines, and nginx, which writes
    its title over its environment, by its config in its title, or by the folder it is in. So a pid that was given to
    somebody else since is never ours, nor one that an app wrote into a pid file.
    """
    found = {pid: command for pid in pids() if (command := _command(pid, layout))}
    held, us = _supervisor(layout), _ancestry(os.getpid())
    lost = [pid for pid in found if pid not in us and _is_lost(pid, held)]
    supervisors = [pid for pid in lost if _is_supervisor(found[pid], layout)]
    return tuple(sorted(supervisors) + sorted(pid for pid in lost if pid not in supervisors))


def _command(pid: int, layout: Layout) -> list[bytes]:
    """Return the command line of a process of the state directory's, nothing for one of somebody else."""
    command = _words(pid, "cmdline")
    ours = _is_supervisor(command, layout) or _is_ours(pid, command, layout)
    return command if ours and not in_container(pid) else []


def kill(run: Path) -> None:
    """Kill every process that has that folder as its UNCORK_RUN: where a master was killed, its children live on."""
    mark = b"UNCORK_RUN=" + os.fsencode(run)
    for pid in pids():
        if pid != os.getpid() and mark in _words(pid, "environ") and not in_container(pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _supervisor(layout: Layout) -> int | None:
    """Return the pid of the supervisor that takes our orders: its pid file may not be written yet, or be another's."""
    try:
        pid = supervisord.call(layout.supervisor_socket, "supervisor.getPID")
    except (OSError, SupervisorFault):
        return None
    return pid if isinstance(pid, int) else None


def _is_lost(pid: int, supervisor: int | None) -> bool:
    """Whether a process is neither the supervisor, nor a descendant of its; nor one that has ended meanwhile."""
    return supervisor not in _ancestry(pid) and alive(pid)


def _ancestry(pid: int) -> list[int]:
    """Return a process and all who started it. Few are asked for: that takes a file of each."""
    line: list[int] = []
    while pid and pid not in line:
        line.append(pid)
        pid = parent_of(pid)
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
