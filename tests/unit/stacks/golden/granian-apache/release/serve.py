"""Serves guestbook, release 12, by Granian."""

import multiprocessing
import os
import signal
import socket
import sys
import time
import traceback
from multiprocessing import util
from pathlib import Path

sys.path.insert(0, '/srv/uncork/apps/guestbook/releases/12')
os.chdir('/srv/uncork/apps/guestbook/releases/12/source')

from granian import _signals  # noqa: E402
from granian._granian import WorkerSignal  # noqa: E402
from granian.constants import HTTPModes, Interfaces  # noqa: E402
from granian.http import HTTP1Settings  # noqa: E402
from granian.log import LogLevels  # noqa: E402
from granian.net import SocketHolder  # noqa: E402
from granian.server.mp import MPServer  # noqa: E402

import uncork_runtime.preload  # noqa: E402, F401
from uncork_runtime import application, master, wsgi  # noqa: E402

# What only defines things is imported once, before there are workers: they start sooner, and share its memory.
import flask  # noqa: E402, F401
import sqlalchemy  # noqa: E402, F401

PASSED = True
DESCRIPTOR = 3  # where a socket that is passed on is, sd_listen_fds(3)
WORKERS = int(os.environ["UNCORK_PROCESSES"])
THREADS = 1


class Server(MPServer):
    """Granian on a socket that somebody else has bound, and that is there still when it crashes."""

    def _init_shared_socket(self):
        if not PASSED:
            super()._init_shared_socket()
            return
        self._ssp, self._sfd = None, DESCRIPTOR
        self._shd = SocketHolder(DESCRIPTOR, True, self.backlog)
        self._sso = socket.socket(fileno=DESCRIPTOR)
        self._sso.set_inheritable(True)

    def _stop_workers(self):
        """Ask again and again: what a worker is told just before it begins to wait, it does not hear."""
        left = list(self.wrks)
        until = time.monotonic() + 30
        while left and time.monotonic() < until:
            for worker in left:
                worker.terminate()
            left[0].join(0.1)
            left = [worker for worker in left if worker.is_alive()]
        super()._stop_workers()


def load():
    """Return what is served. A worker that can't import it ends the server, which would only start another."""
    try:
        found = application.load()
        # What the app registered with atexit: multiprocessing would leave it out.
        util.Finalize(None, wsgi.leave, exitpriority=10)
        return found
    except BaseException:
        traceback.print_exc()
        os.kill(os.getppid(), signal.SIGTERM)
        os._exit(1)


def begin_worker():
    """A worker has its master's handlers until it sets its own, and would not end by what it is asked with."""
    if os.getppid() != MASTER:
        return  # the app has forked
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    master.follow(MASTER)


def end_gracefully():
    """Set a worker's handler of SIGTERM, in place of Granian's own, which loses it and stands still.

    Until its main thread waits for its end a worker serves nobody, and what it is told is forgotten: it leaves at once.
    Told twice, it never ends, and neither do the requests in it.
    """
    event, told = WorkerSignal(), []

    def end(_number, frame):
        if frame.f_globals.get("__name__") != "threading":
            os._exit(0)
        if not told:
            told.append(True)
            event.set()

    _signals.set_main_signals(end)
    return event


_signals.set_sync_signals = end_gracefully
MASTER = os.getpid()
master.begin('/srv/uncork/apps/guestbook/logs/server.log')
multiprocessing.set_start_method("fork")
os.register_at_fork(after_in_child=begin_worker)

server = Server(
    "run:application",
    interface=Interfaces.WSGI,
    workers=WORKERS,
    blocking_threads=THREADS,
    # A worker takes no more connections than it can answer: what waits is for whoever is free first.
    backpressure=THREADS,
    backlog=4096,
    http=HTTPModes.http1,
    # A connection is for one request: one that is kept would stay with this release when the next one takes over.
    http1_settings=HTTP1Settings(keep_alive=False),
    websockets=False,
    log_level=LogLevels.warning,
    # A worker that ends, since it had grown or a request took too long, is replaced.
    respawn_failed_workers=True,
    workers_kill_timeout=1,
)
server.serve(target_loader=load, wrap_loader=False)
