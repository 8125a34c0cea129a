"""The nginx of a machine, as `front = "system-nginx"` finds it: with a config and a site of somebody else's."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.e2e.state import Uncork, eventually, free_port, gone
from uncork.machine import processes

BINARY: Final = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin") or "nginx"
TEMPORARY: Final = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
MAIN: Final = """
user {user};
worker_processes 2;
worker_rlimit_nofile 40000;
pid {root}/nginx.pid;
error_log {root}/error.log;
events {{ worker_connections 16384; }}
http {{
    {temporary}
    access_log {root}/access.log;
    gzip on;
    include {root}/conf.d/*.conf;
    include {root}/sites-enabled/*;
}}
"""
THEIRS: Final = """
server {{
    listen {port} default_server;
    server_name theirs.example;
    location / {{ return 200 "theirs"; }}
}}
"""


@dataclass(frozen=True)
class MachineNginx:
    """Its folder, and the port that somebody's site answers on."""

    root: Path
    port: int

    @property
    def theirs(self) -> Path:
        """Somebody's site."""
        return self.root / "sites-enabled" / "theirs"

    @property
    def sites(self) -> dict[str, bytes]:
        """What is in the folder of sites."""
        return {path.name: path.read_bytes() for path in self.theirs.parent.iterdir()}

    @property
    def pid(self) -> int:
        """Its master."""
        return int((self.root / "nginx.pid").read_text())

    def stop(self) -> None:
        """End it, as the machine would."""
        master = self.pid
        os.kill(master, signal.SIGTERM)
        gone(lambda: {master: "nginx"} if processes.alive(master) else {})

    def start(self) -> None:
        """Start it, as the machine would."""
        subprocess.run([str(self.root / "bin" / "nginx")], check=True, stderr=subprocess.DEVNULL)
        eventually((self.root / "nginx.pid").exists)  # its parent ends before it has written that


@contextmanager
def machine_nginx(uncork: Uncork) -> Iterator[MachineNginx]:
    """An nginx that the command takes for the machine's: it is the first on its PATH."""
    root = uncork.root / "machine"
    for folder in ("bin", "conf.d", "sites-enabled", "temporary"):
        (root / folder).mkdir(parents=True)
    account = processes.account()
    temporary = " ".join(f"{name}_temp_path {root}/temporary/{name};" for name in TEMPORARY)
    (root / "nginx.conf").write_text(MAIN.format(root=root, temporary=temporary, user=account.name if account else ""))
    program = root / "bin" / "nginx"
    program.write_text(f'#!/bin/sh\nexec {BINARY} -c {root}/nginx.conf "$@"\n')
    program.chmod(0o755)
    found = MachineNginx(root, free_port())
    found.theirs.write_text(THEIRS.format(port=found.port))
    uncork.env["PATH"] = f"{program.parent}:{os.environ['PATH']}"
    found.start()
    try:
        yield found
    finally:
        with suppress(FileNotFoundError, ProcessLookupError):
            found.stop()
