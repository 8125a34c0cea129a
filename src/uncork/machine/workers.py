"""The processes of a server that answer requests: as it tells by itself, or else as they are found."""

from dataclasses import replace

from uncork.app_layout import AppLayout
from uncork.machine import cgroups, processes
from uncork.model import Instance, Worker
from uncork.servers.server import Server


def found(server: Server, layout: AppLayout, instance: Instance, stats: str) -> tuple[Worker, ...]:
    """Return the workers of an instance, with their sizes; `stats` is what its stats socket told.

    Of a server that tells nothing they are known all the same, but not what they do, nor how much they have done.
    """
    told = server.workers(stats) if server.tells else _processes(server, layout, instance)
    return tuple(w if w.rss_bytes else replace(w, rss_bytes=processes.resident(w.pid)) for w in told)


def _processes(server: Server, layout: AppLayout, instance: Instance) -> tuple[Worker, ...]:
    try:
        master = processes.pid_in(layout.server_pid(instance))
    except (OSError, ValueError):
        return ()
    if layout.machine:
        pids = tuple(pid for pid in cgroups.pids(instance) if (pid != master) == server.forks)
        return tuple(Worker(pid, "", 0, 0) for pid in pids)
    pids = processes.children(master) if server.forks else (master,) * processes.alive(master)
    return tuple(Worker(pid, "", 0, 0) for pid in pids if processes.titled(pid, server.title))
