"""Commands as children of a process that has imported uncork: the imports are half of what most of them take.

They are processes of their own, with an environment, a folder and files of their own. How the command is really started
is seen where readers type it (test_docs.py), on machines, and wherever a test begins one and goes on.
"""

import array
import gc
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from uncork.cli import main

_starting = threading.Lock()


@cache
def _starter() -> tuple[str, "subprocess.Popen[bytes]"]:
    """The socket of this process's starter, and the starter itself, which ends once nobody holds its standard input."""
    path = str(Path(tempfile.mkdtemp(prefix="unc-starter-")) / "socket")
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    starter = subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.starter", path],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2], env=kept,
    )  # fmt: skip
    assert starter.stdout
    assert starter.stdout.readline() == b"ready\n"
    return path, starter


def run(
    words: tuple[str, ...], stdin: str, environment: Mapping[str, str], folder: Path, timeout: float
) -> tuple[int, str, str]:
    """Run uncork with these words to its end; its exit code, and what it wrote to stdout and stderr."""
    with (
        socket.socket(socket.AF_UNIX) as wire,
        tempfile.TemporaryFile() as read,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        read.write(stdin.encode())
        read.seek(0)
        with _starting:
            wire.connect(_starter()[0])
        order = json.dumps([list(words), dict(environment), str(folder)]).encode()
        fds = array.array("i", [read.fileno(), out.fileno(), err.fileno()])
        wire.sendmsg([len(order).to_bytes(4, "big")], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
        wire.sendall(order)
        wire.settimeout(timeout)
        pid = int.from_bytes(wire.recv(4), "big")
        try:
            code = int.from_bytes(wire.recv(2), "big", signed=True)
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(words, timeout) from None
        out.seek(0)
        err.seek(0)
        return code, out.read().decode(), err.read().decode()


def _serve(path: str) -> None:
    """Start what is asked for, until whoever started this is gone."""
    import uncork.workflows.up  # noqa: F401 -- with all that it imports

    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(16)
        os.write(1, b"ready\n")
        while listener in select.select([listener, 0], [], [])[0]:
            wire, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _follow(wire)
                os._exit(0)
            wire.close()
    shutil.rmtree(Path(path).parent)


def _follow(wire: socket.socket) -> None:
    """Start a command, and tell its pid, and how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    size, [(_, _, files)], *_ = wire.recvmsg(4, socket.CMSG_SPACE(3 * 4))
    with wire.makefile("rb") as told:
        words, environment, folder = json.loads(told.read(int.from_bytes(size, "big")))
    pid = os.fork()
    if not pid:
        for number, file in enumerate(array.array("i", files)):
            os.dup2(file, number)
            os.close(file)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        os._exit(_command(words))
    wire.sendall(pid.to_bytes(4, "big"))
    wire.sendall(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]).to_bytes(2, "big", signed=True))


def _command(words: list[str]) -> int:
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(number, mode, closefd=False) for number, mode in enumerate("rww"))
    code = main(words)
    sys.stdout.flush()
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    _serve(sys.argv[1])
