"""Processes of a state directory that no supervisor holds any more: after one was killed, they serve on."""

import os
from pathlib import Path

from uncork.layout import Layout
from uncork.machine import supervisord
from uncork.machine.processes import PROC, parent_of, pids
from uncork.machine.supervisord import SupervisorFault


def find(layout: Layout) -> tuple[int, ...]:
    """Return the pids to end, a supervisor that does not answer any more first; none where there is no /proc.

    A service is known by its environment, a supervisor and the agent by their command lines, and nginx, which writes
    its title over its environment, by its config in its title, or by the folder it is in. So a pid that was given to
    somebody else since is never ours, nor one that an app wrote into a pid file.
    """
    held = _supervisor(layout)
    known = pids()
    parents = {pid: parent_of(pid) for pid in known}
    lost = [pid for pid in known if not _is_held(pid, held, parents)]
    supervisors = [pid for pid in lost if _is_supervisor(pid, layout)]
    others = [pid for pid in lost if pid not in supervisors and _is_ours(pid, layout)]
    return tuple(sorted(supervisors) + sorted(others))


def _supervisor(layout: Layout) -> int | None:
    """Return the pid of the supervisor that takes our orders: its pid file may not be written yet, or be another's."""
    try:
        pid = supervisord.call(layout.supervisor_socket, "supervisor.getPID")
    except (OSError, SupervisorFault):
        return None
    return pid if isinstance(pid, int) else None


def _is_held(pid: int, supervisor: int | None, parents: dict[int, int]) -> bool:
    """Whether a process is the supervisor, a descendant of its, or we ourselves with all who started us."""
    if supervisor is None:
        return pid in _ancestry(os.getpid(), parents)
    return supervisor in _ancestry(pid, parents) or pid in _ancestry(os.getpid(), parents)


def _ancestry(pid: int, parents: dict[int, int]) -> list[int]:
    line: list[int] = []
    while pid and pid not in line:
        line.append(pid)
        pid = parents.get(pid, 0)
    return line


def _is_supervisor(pid: int, layout: Layout) -> bool:
    command = _words(pid, "cmdline")
    named = os.fsencode(layout.supervisor_config)
    return named in command and any(b"supervisord" in word for word in command if word != named)


def _is_ours(pid: int, layout: Layout) -> bool:
    return any(is_one(pid, layout) for is_one in (_is_service, _is_front, _is_agent, _is_start))


def _is_service(pid: int, layout: Layout) -> bool:
    """UNCORK_HOME alone may stand in anybody's shell; UNCORK_RUN is set for what a supervisor starts only."""
    environment = _words(pid, "environ")
    if b"UNCORK_HOME=" + os.fsencode(layout.home) not in environment:
        return False
    prefix = b"UNCORK_RUN=" + os.fsencode(layout.run) + b"/"
    return any(word.startswith(prefix) for word in environment)


def _is_agent(pid: int, layout: Layout) -> bool:
    """It has dropped its privileges, so that its environment is not to be read; its command line is."""
    command = _words(pid, "cmdline")
    return b"uncork.agent" in command and os.fsencode(layout.home) in command


def _is_start(pid: int, layout: Layout) -> bool:
    """Whether it is a start script, which becomes a service in a moment."""
    command = _words(pid, "cmdline")
    return len(command) > 1 and command[0] == b"/bin/sh" and command[1].startswith(os.fsencode(layout.programs) + b"/")


def _is_front(pid: int, layout: Layout) -> bool:
    title = b" ".join(_words(pid, "cmdline"))
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
        return (PROC / str(pid) / name).read_bytes().split(b"\0")
    except OSError:
        return []
