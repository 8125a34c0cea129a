"""The ways to put a changed line into service, each as its manual or its tutorials have it."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench import processes
from bench.peers import CHAIN, CORES, GRANIAN, GUNICORN, UWSGI, Peer, Server

PATIENCE: Final = 8.0


@dataclass(frozen=True)
class Way:
    """A way, and the server it belongs to."""

    name: str
    server: Server
    deploy: Callable[[Peer], None]


def _hup(peer: Peer) -> None:
    os.kill(peer.pid(), signal.SIGHUP)


def _stop_and_start(peer: Peer) -> None:
    peer.end()
    peer.begin()


def _reload_by_pid_file(peer: Peer) -> None:
    peer.command("uwsgi", "--reload", "server.pid")


def _touch(peer: Peer) -> None:
    (peer.project / "chain").touch()


def _usr2(peer: Peer) -> None:
    """As Gunicorn's manual says, by somebody who watches: the old master quits only once the new one's workers live."""
    old, file = peer.pid(), peer.project / "server.pid.2"
    os.kill(old, signal.SIGUSR2)
    if not _lives(file, workers=2 * CORES + 1):
        return
    os.kill(old, signal.SIGWINCH)
    time.sleep(1)
    os.kill(old, signal.SIGQUIT)


def _lives(file: Path, workers: int) -> bool:
    """Whether the master of a pid file has its workers, and still has them a second later."""
    since, deadline = 0.0, time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        alive = file.is_file() and len(processes.tree([int(file.read_text() or 0)])) > workers
        since = (since or time.monotonic()) if alive else 0.0
        if since and time.monotonic() > since + 1:
            return True
        time.sleep(0.05)
    return False


WAYS: Final = (
    Way("Gunicorn, HUP", GUNICORN, _hup),
    Way("Gunicorn, USR2 by hand, watched", GUNICORN, _usr2),
    Way("Gunicorn, stop and start", GUNICORN, _stop_and_start),
    Way("uWSGI, --reload by pid file", UWSGI, _reload_by_pid_file),
    Way("uWSGI, stop and start", UWSGI, _stop_and_start),
    Way("uWSGI, touch-chain-reload", CHAIN, _touch),
    Way("Granian, HUP", GRANIAN, _hup),
    Way("Granian, stop and start", GRANIAN, _stop_and_start),
)
