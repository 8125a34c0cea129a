"""The front's master and its workers: have it read its config again, and know when all go by it."""

import signal
import time
from typing import TYPE_CHECKING, Final

from uncork.errors import StepFailedError
from uncork.machine.processes import pid_in
from uncork.model import Account
from uncork.plan import Reload

if TYPE_CHECKING:
    import psutil

POLL: Final = 0.01
LEAVING: Final = "is shutting down"
NGINX: Final = "nginx"


def reload(step: Reload, account: Account | None) -> None:
    """Signal the master, and wait until no worker with the old config takes a connection. Raises StepFailedError.

    Who serves could name any process in the pid file, and have root signal that: it must be one of the account's. The
    pid file of the machine's own is root's.
    """
    import psutil  # a deploy that leaves the front as it is does without

    try:
        master = psutil.Process(pid_in(step.pid_file))
        if account and master.uids().real != (0 if step.outside else account.uid):
            raise StepFailedError(step.why, f"{step.pid_file} names process {master.pid}, which is not the front")
        old = master.children()
        master.send_signal(signal.SIGHUP if master.name() == NGINX else signal.SIGUSR1)
        _await(master, old, step)
    except (OSError, ValueError, psutil.Error) as error:
        raise StepFailedError(step.why, f"the front is not there: {error}") from error


def _await(master: "psutil.Process", old: "list[psutil.Process]", step: Reload) -> None:
    deadline = time.monotonic() + step.most
    takes = _takes_connections if master.name() == NGINX else _listens
    while any(takes(worker) for worker in old) or not set(master.children()) - set(old):
        if time.monotonic() > deadline:
            raise StepFailedError(step.why, f"the front did not take its new config within {step.most:g} s")
        time.sleep(POLL)


def _takes_connections(worker: "psutil.Process") -> bool:
    """For a tenth of a second after the signal old and new workers of nginx both take some.

    An old one that has closed its listening sockets says so in its title, just before it does
    (ngx_worker_process_cycle in ngx_process_cycle.c).
    """
    import psutil

    try:
        return worker.status() != psutil.STATUS_ZOMBIE and LEAVING not in " ".join(worker.cmdline())
    except psutil.NoSuchProcess:
        return False


def _listens(worker: "psutil.Process") -> bool:
    """An old one of Apache's has closed its listening sockets once it knows (listener_thread in event.c)."""
    import psutil

    try:
        return any(held.status == psutil.CONN_LISTEN for held in worker.net_connections("tcp"))
    except psutil.NoSuchProcess:
        return False
