"""A real supervisord in a state directory, with a small server on a socket that supervisord holds."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from uncork.layout import Layout
from uncork.machine import commands, leftovers, processes, supervisord
from uncork.model import Instance
from uncork.plan import Run

SERVER = """
import os, socket, sys, time
kind = sys.argv[1]
if kind == "broken":
    raise SystemExit("Traceback: the factory raised")
if kind == "slow":
    time.sleep(0.4)
if kind == "deaf":
    time.sleep(60)
listener = socket.socket(fileno=0)
while True:
    connection, _ = listener.accept()
    request = connection.recv(65536)
    status = b"500 Broken" if kind == "failing" else b"404 Not Found"
    print("asked", flush=True)
    connection.sendall(b"HTTP/1.1 " + status + b"\\r\\n\\r\\nsorry")
    connection.close()
"""

MAIN = """
[supervisord]
logfile={home}/logs/supervisord.log
pidfile={run}/supervisord.pid
[unix_http_server]
file={run}/supervisord.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[include]
files = {home}/supervisor/programs/*.conf
"""

PROGRAM = """
[fcgi-program:{name}]
socket=unix://{socket}
command={directory}/start {kind} %(process_num)d
process_name=%(program_name)s_%(process_num)d
numprocs=2
startsecs=1
startretries=1
autorestart=true
stopasgroup=true
killasgroup=true
stdout_logfile={log}
redirect_stderr=true
environment=UNCORK_HOME="{home}",UNCORK_RUN="{folder}"
"""

START = """#!/bin/sh
[ "$2" = 1 ] && exec sleep infinity
exec {python} {directory}/server.py "$1"
"""


@dataclass(frozen=True)
class Supervised:
    """A state directory whose supervisord runs."""

    layout: Layout

    @property
    def socket(self) -> Path:
        return self.layout.supervisor_socket

    @property
    def pid(self) -> int:
        return int(self.layout.supervisor_pid.read_text())

    def kill(self) -> None:
        pid = self.pid
        os.kill(pid, signal.SIGKILL)
        processes.ended_within((pid,), 5.0)


def layout_in(folder: Path) -> Layout:
    """A state directory with its folders."""
    layout = Layout(folder / "home", folder / "home" / "run")
    for path in (layout.logs, layout.programs, layout.front, layout.front_pid.parent):
        path.mkdir(parents=True)
    return layout


def place(layout: Layout, instance: Instance, kind: str) -> None:
    """Write the program of an instance whose server is of that kind."""
    app = layout.app(instance.app)
    app.instance(instance).mkdir(parents=True)
    app.logs.mkdir(parents=True, exist_ok=True)
    (layout.home / "server.py").write_text(SERVER)
    start = layout.home / "start"
    start.write_text(START.format(python=sys.executable, directory=layout.home))
    start.chmod(0o755)
    program = PROGRAM.format(
        name=instance.name,
        socket=app.socket(instance),
        directory=layout.home,
        kind=kind,
        log=app.server_log,
        home=layout.home,
        folder=app.instance(instance),
    )
    (layout.programs / f"{instance.name}.conf").write_text(program)


def begin(layout: Layout) -> None:
    layout.supervisor_config.write_text(MAIN.format(home=layout.home, run=layout.run))
    argv = (sys.executable, "-m", "supervisor.supervisord", "-c", str(layout.supervisor_config))
    commands.run(Run(argv, "start supervisord", 20.0, layout.home), None)


@contextmanager
def supervised(layout: Layout) -> Iterator[Supervised]:
    """Run supervisord, and leave nothing behind."""
    begin(layout)
    try:
        yield Supervised(layout)
    finally:
        if supervisord.programs(layout.supervisor_socket) is not None:
            pid = Supervised(layout).pid
            supervisord.call(layout.supervisor_socket, "supervisor.shutdown")
            processes.ended_within((pid,), 10.0)
        for pid in leftovers.find(layout):
            processes.stop_group(pid, 1.0)
