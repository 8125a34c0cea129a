"""Servers that can't listen on a unix socket: the file that says which port one has, and who is at that port."""

import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from uncork.machine.files import opened

MOST: Final = 256
TEXT: Final = re.compile(rb"port (\d{1,5})\nkey ([0-9a-f]{16,64})\n")
TABLE: Final = Path("/proc/net/tcp")
LOOPBACK: Final = "0100007F"
LISTENS: Final = "0A"
OPEN: Final = frozenset({"01", "08"})
"""Established, and closed by the other side alone (include/net/tcp_states.h)."""


@dataclass(frozen=True)
class Endpoint:
    """A port on 127.0.0.1, and the key that whoever asks there has to show."""

    port: int
    key: str


@dataclass(frozen=True)
class Load:
    """Who is at a socket: connections `queued` that nobody has accepted yet, and those that are `open`."""

    queued: int
    open: int

    @property
    def idle(self) -> bool:
        """Whether nobody is there."""
        return not self.queued and not self.open


def at(path: Path) -> Endpoint | None:
    """Return what the file in a socket's place says; None where it is a socket, or nothing yet."""
    try:
        real = path.resolve()
        if not stat.S_ISREG(real.lstat().st_mode):
            return None
        with opened(real) as file:
            found = TEXT.fullmatch(file.read(MOST))
    except OSError:
        return None
    return Endpoint(int(found[1]), found[2].decode()) if found else None


def waiting(endpoint: Endpoint) -> Load | None:
    """Return who is at a port of this machine; None where the kernel does not tell (no /proc).

    A listener's receive queue is as long as there are connections that nobody has accepted; such a one has a row of
    its own too, with no inode (proc_pid_net(5), tcp4_seq_show in net/ipv4/tcp_ipv4.c).
    """
    try:
        rows = [line.split() for line in TABLE.read_text("ascii").splitlines()[1:]]
    except OSError:
        return None
    here = f"{LOOPBACK}:{endpoint.port:04X}"
    ours = [row for row in rows if row[1] == here]
    queued = sum(int(row[4].partition(":")[2], 16) for row in ours if row[3] == LISTENS)
    return Load(queued, sum(1 for row in ours if row[3] in OPEN and row[9] != "0"))
