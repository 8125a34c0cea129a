"""nginx's master and its workers: have it read its config again, and know when it has."""

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


def reload(step: Reload, account: Account | None) -> None:
    """Signal the master, and wait until no worker with the old config takes a connection. Raises StepFailedError.

    Who serves could name any process in the pid file, and have root signal that: it must be one of the account's.

    For a tenth of a second after the signal old and new workers both take some. An old one that has closed its
    listening sockets says so in its title, just before it does (ngx_worker_process_cycle in ngx_process_cycle.c).
    """
    import psutil  # a deploy that leaves the front as it is does without

    try:
        master = psutil.Process(pid_in(step.pid_file))
        if account and master.uids().real != account.uid:
            raise StepFailedError(step.why, f"{step.pid_file} names process {master.pid}, which is not nginx")
        old = master.children()
        master.send_signal(signal.SIGHUP)
        _await(master, old, step)
    except (OSError, ValueError, psutil.Error) as error:
        raise StepFailedError(step.why, f"nginx is not there: {error}") from error


def _await(master: "psutil.Process", old: "list[psutil.Process]", step: Reload) -> None:
    deadline = time.monotonic() + step.most
    while any(_takes_connections(worker) for worker in old) or not set(master.children()) - set(old):
        if time.monotonic() > deadline:
            raise StepFailedError(step.why, f"nginx did not take its new config within {step.most:g} s")
        time.sleep(POLL)


def _takes_connections(worker: "psutil.Process") -> bool:
    import psutil

    try:
        return worker.status() != psutil.STATUS_ZOMBIE and LEAVING not in " ".join(worker.cmdline())
    except psutil.NoSuchProcess:
        return False
