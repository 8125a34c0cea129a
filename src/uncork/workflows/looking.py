"""One look at an app and its machine: what runs, since when, and what there is left of memory and disk."""

import os

import psutil

from uncork.app_layout import AppLayout
from uncork.facts import connected
from uncork.machine import capacity, cgroups, files, processes, sockets, workers
from uncork.model import Instance, Release, Worker
from uncork.reporting.looks import Look
from uncork.servers import SERVERS
from uncork.servers.server import Server


def look(layout: AppLayout, release: Release) -> Look:
    """Return what is so of an app whose live release that is; a server that does not answer in a second has no workers.

    Raises OSError where a folder of the state directory can't be read.
    """
    instance = connected(layout)
    stats = sockets.read_stats(layout.stats(instance)) if instance else ""
    server = SERVERS.get(release.server)
    seen = workers.found(server, layout, instance, stats) if server and instance else ()
    disk = os.statvfs(layout.home)
    return Look(
        instance=instance.name if instance else "",
        release=release.id,
        environment=release.environment,
        started=_started(layout, instance, server, seen),
        workers=len(seen),
        restarts=sum(worker.restarts for worker in seen),
        memory=_memory(layout, instance, seen),
        logs=sum(files.size(path) for path in layout.logs.rglob("*") if path.is_file()),
        load=os.getloadavg()[0],
        machine_memory=capacity.machine(layout.home).memory_bytes,
        machine_memory_free=int(psutil.virtual_memory().available),
        disk=disk.f_blocks * disk.f_frsize,
        disk_free=disk.f_bavail * disk.f_frsize,
        idle=server is not None and server.is_idle(stats),
    )


def _memory(layout: AppLayout, instance: Instance | None, seen: tuple[Worker, ...]) -> int:
    """Where the agent sees no processes but its own, servers or systemd tell."""
    if layout.machine and instance:
        return sum(worker.rss_bytes for worker in seen) or cgroups.memory(instance)
    return sum(processes.resident(worker.pid) for worker in seen)


def _started(layout: AppLayout, instance: Instance | None, server: Server | None, seen: tuple[Worker, ...]) -> float:
    """The server is the parent of its workers, and outlives them; or it is the one worker."""
    if not server or not seen or not instance:
        return 0.0
    if layout.machine:
        return files.written(layout.server_pid(instance))
    pid = seen[0].pid
    return processes.started(processes.parent_of(pid) if server.forks else pid)
