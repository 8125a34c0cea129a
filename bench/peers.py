"""The peers: the servers that people put behind nginx, as their tutorials have it."""

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench import processes
from bench.stack import APP, Stack
from uncork.machine import tools
from uncork.rendering import render

CORES: Final = os.cpu_count() or 1
REQUIREMENTS: Final = Path(__file__).parent / "peers.txt"


@dataclass(frozen=True)
class Server:
    """A server as it is started in the app's folder; it writes its pid to server.pid, its socket is app.sock.

    `{venv}` stands for the environment's folder.
    """

    name: str
    speaks: str
    argv: tuple[str, ...]
    quits: signal.Signals = signal.SIGTERM


def _gunicorn(name: str, *more: str) -> Server:
    return Server(name, "http", ("gunicorn", "--bind=unix:app.sock", "--pid=server.pid", *more, "guests:app"))


def _uwsgi(name: str, *more: str) -> Server:
    # A wheel's uwsgi is a script of Python: it has to be told so, or it is gone after a reload.
    itself = ("uwsgi", "--binary-path={venv}/bin/python", "--pidfile=server.pid")
    argv = (*itself, "--master", "--processes=4", "--socket=app.sock", "--module=guests:app")
    return Server(name, "uwsgi", (*argv, *more), signal.SIGINT)


GUNICORN: Final = _gunicorn("nginx + Gunicorn, 2n+1 sync", f"--workers={2 * CORES + 1}")
GTHREAD: Final = _gunicorn(
    "nginx + Gunicorn, gthread n x 4", "--worker-class=gthread", f"--workers={CORES}", "--threads=4"
)
UWSGI: Final = _uwsgi("nginx + uWSGI, 4 x 2, untuned", "--threads=2")
CHAIN: Final = _uwsgi("nginx + uWSGI, lazy-apps, chain reload", "--lazy-apps", "--touch-chain-reload=chain")
GRANIAN: Final = Server(
    "nginx + Granian, n workers",
    "http",
    ("granian", "--interface=wsgi", f"--workers={CORES}", "--uds=app.sock", "--pid-file=server.pid", "guests:app"),
)
SERVERS: Final = (GUNICORN, GTHREAD, UWSGI, GRANIAN)


def environment(folder: Path, python: str) -> Path:
    """A virtual environment with the app's lock and the peers, as pip would leave it; returns its folder."""
    venv = folder / "peers"
    uv = tools.uv()
    subprocess.run((uv, "venv", "--quiet", "--python", python, str(venv)), check=True)
    wanted = ("-r", str(APP / "requirements.txt"), "-r", str(REQUIREMENTS))
    subprocess.run((uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(venv), *wanted), check=True)
    return venv


class Peer(Stack):
    """A server in the foreground, and an nginx of its own in front of it."""

    def __init__(self, server: Server, folder: Path, port: int, venv: Path) -> None:
        super().__init__(server.name, port, folder)
        self.server = server
        self.venv = venv
        self._nginx: subprocess.Popen[bytes] | None = None
        self._children: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start the server, then nginx."""
        conf = self.project / "nginx.conf"
        root = os.geteuid() == 0
        values = {"folder": self.project, "port": self.port, "speaks": self.server.speaks, "root": root}
        conf.write_text(render("bench", "nginx.conf.j2", **values))
        self.begin()
        self._nginx = self._spawn((tools.nginx(), "-p", str(self.project), "-c", str(conf)), "nginx.out")
        self.wait()

    def begin(self) -> None:
        """Start the server alone."""
        name, *words = self.server.argv
        self._children.append(
            self._spawn(tuple(word.format(venv=self.venv) for word in ("{venv}/bin/" + name, *words)))
        )

    def command(self, *argv: str) -> None:
        """Run one of the environment's commands in the app's folder."""
        subprocess.run((str(self.venv / "bin" / argv[0]), *argv[1:]), cwd=self.project, check=True, capture_output=True)

    def pid(self) -> int:
        """The server's master, by its pid file."""
        return int((self.project / "server.pid").read_text())

    def end(self) -> None:
        """Stop the server alone, as its manual says, and wait until it has gone."""
        processes.end(self.pid(), self.server.quits)
        self._reap()

    def stop(self) -> None:
        """End nginx, and every server that was started and is still there."""
        if self._nginx:
            processes.end(self._nginx.pid)
            self._nginx.wait()
        for pid in self.roots():
            processes.end(pid, self.server.quits)
        self._reap()

    def roots(self) -> tuple[int, ...]:
        """The server, whoever became its master by now, and nginx."""
        mine = [child.pid for child in self._children if child.poll() is None]
        front = [self._nginx.pid] if self._nginx and self._nginx.poll() is None else []
        return tuple(dict.fromkeys((*mine, *self._heirs(), *front)))

    def _heirs(self) -> tuple[int, ...]:
        """The master that a pid file names, if it is a process in this very folder."""
        found = []
        for file in self.project.glob("server.pid*"):
            pid = file.read_text().strip()
            try:
                inside = pid and Path(f"/proc/{pid}/cwd").readlink() == self.project
            except FileNotFoundError:
                inside = False
            if inside:
                found.append(int(pid))
        return tuple(found)

    def _reap(self) -> None:
        deadline = time.monotonic() + 1
        while any(child.poll() is None for child in self._children) and time.monotonic() < deadline:
            time.sleep(0.02)

    def _spawn(self, argv: tuple[str, ...], log: str = "server.log") -> subprocess.Popen[bytes]:
        with (self.project / log).open("ab") as out:
            return subprocess.Popen(
                argv, cwd=self.project, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
            )
