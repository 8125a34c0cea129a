"""Starts a server that can't be handed a socket: on a free port of this machine, which a file stands for.

The file (UNCORK_SOCKET) has a line `port 41234`, as Apache's RewriteMap has it, and a line with the key that the front
has to show: anybody on this machine can connect to a port.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import sys
from contextlib import suppress

BYTES = 16


def main(argv: list[str]) -> None:
    """Become the command `argv`, which finds the port in UNCORK_PORT and the key in UNCORK_KEY."""
    _end_orphans(os.path.join(os.environ["UNCORK_RUN"], "server.pid"))
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port = str(chosen.getsockname()[1])
    key = secrets.token_hex(BYTES)
    _write(os.environ["UNCORK_SOCKET"], f"port {port}\nkey {key}\n")
    # The log may be renamed: what Apache says there goes through a pipe, and the app's processes open it by themselves.
    with open(os.devnull, "wb") as nothing:
        os.dup2(nothing.fileno(), 1)
    os.execve(argv[0], argv, {**os.environ, "UNCORK_PORT": port, "UNCORK_KEY": key})  # noqa: S606 - there is no shell in it


def _write(path: str, text: str) -> None:
    """Whole, or not at all; for nobody else's eyes."""
    new = f"{path}.new"
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write(text)
    os.replace(new, path)


def _end_orphans(pid_file: str) -> None:
    """End what a master that was killed has left: its processes, which nobody asks anything any more."""
    try:
        with open(pid_file, encoding="ascii") as file:
            master = int(file.read())
    except (OSError, ValueError):
        return
    if master == os.getpid() or os.path.exists(f"/proc/{master}"):
        return
    with suppress(OSError):
        os.killpg(master, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1:])
