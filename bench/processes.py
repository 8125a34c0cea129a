"""What a stack's processes cost, read from /proc: its CPU time and its memory."""

import os
import signal
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

TICK: Final = os.sysconf("SC_CLK_TCK")
PROC: Final = Path("/proc")


def tree(roots: Iterable[int]) -> set[int]:
    """The processes and all of their descendants that are alive now."""
    children: dict[int, list[int]] = {}
    for stat in PROC.glob("[0-9]*/stat"):
        fields = _fields(int(stat.parent.name))
        if fields:
            children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found: set[int] = set()
    todo = list(roots)
    while todo:
        pid = todo.pop()
        if pid not in found and _fields(pid):
            found.add(pid)
            todo.extend(children.get(pid, []))
    return found


def cpu_seconds(roots: Iterable[int]) -> float:
    """User and system time so far of the processes, their descendants, and the children they have waited for."""
    return sum(sum(map(int, fields[11:15])) for pid in tree(roots) if (fields := _fields(pid))) / TICK


def pss_bytes(roots: Iterable[int]) -> int:
    """Proportional set size: what they use, a page shared by n processes counted as an n-th in each."""
    return sum(_pss(pid) for pid in tree(roots)) * 1024


def cpu_of(argv: tuple[str, ...]) -> float:
    """CPU seconds of one command, its children included; its output is thrown away."""
    before = os.times()
    subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def end(root: int, gently: signal.Signals = signal.SIGTERM, patience: float = 5.0) -> None:
    """Ask a process to end; past the patience (seconds), kill it and what was below it."""
    family = tree([root])
    _signal(root, gently)
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and any(_running(pid) for pid in family):
        time.sleep(0.02)
    for pid in family:
        if _running(pid):
            _signal(pid, signal.SIGKILL)


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _running(pid: int) -> bool:
    fields = _fields(pid)
    return bool(fields) and fields[0] not in "ZX"


def _fields(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat after the name, so the state is at 0; none if the process is gone."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _pss(pid: int) -> int:
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
