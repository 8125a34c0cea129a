"""What the agent remembers over a restart, and tells: `state.json`."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from uncork.errors import UserError
from uncork.machine import moments
from uncork.machine.files import tail
from uncork.notices import Trouble
from uncork.records import AgentRecord, Birth, decode_agent, encode_agent

EVERY: Final = 10.0
"""Seconds after which it is written though nothing has changed, so that one can see that the agent lives."""
LARGEST: Final = 1024**2
BLOCK: Final = 4096


class Memory:
    """The births of logs, which decide their age, and what is written down of the agent."""

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        """Read what an earlier agent has left; what can't be read is forgotten."""
        self._path = path
        self._clock = clock
        self._written: tuple[tuple[Trouble, ...], dict[str, Birth]] | None = None
        self._at = 0.0
        try:
            self.births = dict(decode_agent(tail(path, 0, LARGEST)).logs)
        except UserError:
            self.births = {}

    def keep(self, troubles: tuple[Trouble, ...]) -> None:
        """Write it down, if it is another, or if it was long ago. On a disk that is full it waits for the next time."""
        now = self._clock()
        if self._written == (troubles, self.births) and 0 <= now - self._at < EVERY:
            return
        text = encode_agent(AgentRecord(os.getpid(), moments.at(now), troubles, self.births)).encode()
        self._at = now
        try:
            _replace(self._path, text)
        except OSError as error:
            if error.errno not in {errno.ENOSPC, errno.EDQUOT} or not _overwrite(self._path, text):
                return
        self._written = (troubles, dict(self.births))


def _replace(path: Path, content: bytes) -> None:
    """Write it whole or not at all. It need not outlive a power cut, so nobody waits for the disk each time."""
    new = path.with_name(f".{path.name}.new")
    try:
        new.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise


def _overwrite(path: Path, content: bytes) -> bool:
    """Say on a full disk that it is full: what the file has already may be written over. JSON may end in spaces."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        room = os.fstat(descriptor).st_size
        if not room or len(content) > max(room, BLOCK):
            return False
        os.pwrite(descriptor, content.ljust(room), 0)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True
