"""A part of this process that goes on when whoever called it is gone: its connection, its session, its terminal."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Final

_SYSTEMD: Final = "org.freedesktop.systemd1"
_START: Final = (
    "busctl",
    "--quiet",
    "call",
    _SYSTEMD,
    "/org/freedesktop/systemd1",
    f"{_SYSTEMD}.Manager",
    "StartTransientUnit",
    "ssa(sv)a(sa(sv))",
)
_PATIENCE: Final = 5.0


def detached(act: Callable[[], int], scope: str = "") -> int:
    """Do something in a child that has none of our streams and is of no session, and return its pid.

    It ends with the status that `act` returns. `scope` is the unit of systemd that it is to be in, if any: the session
    of who came by SSH ends with the connection, and may take along what is in it (KillUserProcesses=).
    """
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        _leave(scope)
        code = act()
    finally:
        os._exit(code)


def _leave(scope: str) -> None:
    os.setsid()
    os.chdir("/")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
    if scope:
        _move(scope)


def _move(scope: str) -> None:
    """Where there is no bus, or systemd refuses, it goes on where it is."""
    unit = (f"{scope}.scope", "fail", "1", "PIDs", "au", "1", str(os.getpid()), "0")
    with suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run((*_START, *unit), capture_output=True, timeout=_PATIENCE, check=False)
