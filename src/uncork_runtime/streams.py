"""Standard output and error, where they are a log: they follow it when it has been renamed."""

from __future__ import annotations

import os


class Streams:
    """Those of descriptors 1 and 2 that were opened as a log, whatever its file is called by now."""

    def __init__(self, log: str) -> None:
        """Find them; none is one in a shell or a proof."""
        self._log = log
        self._followed = [descriptor for descriptor in (1, 2) if log and _name(descriptor).startswith(log)]

    def follow(self) -> None:
        """Have them write to the file that has the log's name now; where it can't be opened, to the old one."""
        if not self._followed:
            return
        try:
            there = os.stat(self._log)
            if os.path.samestat(there, os.fstat(self._followed[0])):
                return
        except FileNotFoundError:
            pass  # its name was just taken: make it anew
        except OSError:
            return
        self._reopen()

    def _reopen(self) -> None:
        try:
            new = os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        except OSError:
            return
        for descriptor in self._followed:
            os.dup2(new, descriptor)
        os.close(new)


def _name(descriptor: int) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return ""
