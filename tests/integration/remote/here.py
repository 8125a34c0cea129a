"""This computer in the place of a machine over SSH: commands are run as they would be there."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from uncork.remote.ssh import Answered, Connection


@dataclass(frozen=True)
class Here(Connection):
    """A connection that leads nowhere else; its uncork is the one that is tested, with a state directory of its own."""

    home: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        return (self.host,)

    def uncork(self, *words: str) -> tuple[str, ...]:
        return (str(Path(sys.executable).with_name("uncork")), "--home", self.home, *words)

    def run(self, argv: tuple[str, ...], *, root: bool = True, stdin: bytes = b"", timeout: float = 60.0) -> Answered:  # noqa: ARG002
        done = subprocess.run(argv, input=stdin, capture_output=True, timeout=timeout, check=False)
        return Answered(done.returncode, done.stdout.decode(), done.stderr.decode())

    def stream(self, argv: tuple[str, ...], *, root: bool = True) -> "subprocess.Popen[bytes]":  # noqa: ARG002
        pipe = subprocess.PIPE
        return subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe)


def here(home: str = "") -> Here:
    return Here("here", root=True, address="127.0.0.1", argv=(), home=home)
