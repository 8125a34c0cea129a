"""Somebody at a computer of their own: the command, an SSH key, and a config that knows the machines."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.e2e.lab.bridge import NAMES, Lab
from tests.e2e.state import MEANINGFUL, Done

USER: Final = "deploy"


@dataclass
class Client:
    """A home folder; `env` is what is set in its shell besides."""

    home: Path
    env: dict[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        """What OpenSSH goes by."""
        return self.home / ".ssh" / "config"

    @property
    def known_hosts(self) -> Path:
        """The host keys that it knows: at first those of all machines."""
        return self.home / ".ssh" / "known_hosts"

    def environment(self) -> Mapping[str, str]:
        """What its commands are given."""
        kept = {k: v for k, v in os.environ.items() if k not in MEANINGFUL and not k.startswith(("XDG_", "SSH_"))}
        own = {"HOME": str(self.home), "PATH": f"{self.home}/bin:{os.environ['PATH']}"}
        return {**kept, **own, "NO_COLOR": "1", "COLUMNS": "200", **self.env}

    def run(self, *args: str, cwd: Path | None = None, stdin: str = "", timeout: float = 120) -> Done:
        """Run uncork to its end."""
        start = time.monotonic()
        argv = (sys.executable, "-m", "uncork", *args)
        ended = subprocess.run(
            argv, input=stdin, capture_output=True, text=True, timeout=timeout, check=False,
            env=self.environment(), cwd=cwd or self.home,
        )  # fmt: skip
        return Done(argv, ended.returncode, ended.stdout, ended.stderr, time.monotonic() - start)

    def begin(self, *args: str, cwd: Path | None = None) -> subprocess.Popen[str]:
        """Start uncork, and don't wait; it leads a process group of its own."""
        return subprocess.Popen(
            (sys.executable, "-m", "uncork", *args), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env=self.environment(), cwd=cwd or self.home, start_new_session=True,
        )  # fmt: skip

    def call(self, addresses: Mapping[str, str]) -> None:
        """Have other names lead to machines also: those of a page, for ssh and for curl."""
        for name, address in addresses.items():
            with self.config.open("r+") as config:
                rest = config.read()
                config.seek(0)
                config.write(f"Host {name}\n  HostName {address}\n  HostKeyAlias {address}\n{rest}")
        ways = " ".join(f"--connect-to {name}:80:{address}:80" for name, address in addresses.items())
        _wrap(self.home, "curl", ways)

    def processes(self) -> list[int]:
        """What runs of it: ssh keeps connections for later commands."""
        return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal() and self._has(entry)]

    def _has(self, entry: Path) -> bool:
        with suppress(OSError):
            return f"HOME={self.home}\0".encode() in (entry / "environ").read_bytes()
        return False


@contextmanager
def client(lab: Lab, home: Path) -> Iterator[Client]:
    """A client whose config leads to the machines of a lab by their names; nothing of it runs at the end."""
    found = Client(home)
    found.config.parent.mkdir(mode=0o700, parents=True)
    shutil.copy(lab.key, found.config.with_name("id_ed25519"))
    shutil.copy(lab.key.with_name("known_hosts"), found.known_hosts)
    hosts = "".join(f"Host {name}\n  HostName {lab.address(name)}\n" for name in NAMES)
    own = f"  User {USER}\n  IdentityFile {home}/.ssh/id_ed25519\n  UserKnownHostsFile {home}/.ssh/known_hosts\n"
    found.config.write_text(f"{hosts}Host *\n{own}  GlobalKnownHostsFile none\n  IdentitiesOnly yes\n")
    # OpenSSH looks for its config in the home folder that the accounts of the computer tell, not in $HOME.
    _wrap(home, "ssh", f"-F {found.config}")
    try:
        yield found
    finally:
        for pid in found.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, 9)


def _wrap(home: Path, program: str, words: str) -> None:
    """Have a program get these words first, whoever starts it."""
    script = home / "bin" / program
    script.parent.mkdir(exist_ok=True)
    script.write_text(f'#!/bin/sh\nexec {shutil.which(program)} {words} "$@"\n')
    script.chmod(0o755)
