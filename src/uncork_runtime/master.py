"""What a server's first process does beside serving, whichever server it is: tell its pid, and follow its log."""

from __future__ import annotations

import os
import signal
from ctypes import CDLL
from typing import Final

from uncork_runtime.streams import Streams

PR_SET_PDEATHSIG: Final = 1


def begin(log: str) -> None:
    """Write `server.pid` to the instance's own folder, and from now on open the log again at SIGWINCH.

    That signal does nothing to who does not know it: the number in the file may be somebody else's by then. Must be
    called by the main thread.
    """
    streams = Streams(log)
    signal.signal(signal.SIGWINCH, lambda _number, _frame: streams.follow())
    path = os.path.join(os.environ["UNCORK_RUN"], "server.pid")
    with open(path, "w", encoding="ascii") as file:
        file.write(f"{os.getpid()}\n")


def follow(master: int) -> None:
    """Have this process, a child of the master's, die with it (prctl(2)): the next master brings its own."""
    prctl = getattr(CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != master:
        os._exit(1)
