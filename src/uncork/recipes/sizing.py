"""How many processes and threads an app gets, and how large a worker may grow, where the config is silent."""

from dataclasses import dataclass, replace
from typing import Final

from uncork.config import Config
from uncork.model import Machine, Release
from uncork.servers import SERVERS
from uncork.servers.server import Server
from uncork.serving import PROCESSES

MEGABYTE: Final = 1024 * 1024
WORKER_ESTIMATE: Final = 128 * MEGABYTE
LEAST_WORKER: Final = 256 * MEGABYTE


@dataclass(frozen=True)
class Size:
    """What one app may use: counts, and bytes a worker."""

    processes: int
    threads: int
    worker_memory: int


def scaled(release: Release, processes: int | None) -> Release:
    """Return a release as it is to be run with so many processes; None leaves it as it was built.

    One that an older uncork built has its number in its config, and one of a server of one process has no other.
    """
    env = dict(release.service.env)
    if processes is None or not can_scale(release):
        return release
    service = replace(release.service, env=tuple({**env, PROCESSES: str(processes)}.items()))
    return replace(release, processes=processes, service=service)


def can_scale(release: Release) -> bool:
    """Return whether a release can be run with another number of processes than it was built for."""
    forks = release.server in SERVERS and SERVERS[release.server].forks
    return forks and PROCESSES in dict(release.service.env)


def size(config: Config, machine: Machine, server: Server) -> Size:
    """Return the given numbers, or two processes a core as far as half of the memory holds them.

    Two a core, since one that waits for a database leaves its core to the other; at least two, so that one slow
    request does not stop the site.
    """
    half = machine.memory_bytes // 2
    several = config.processes or max(2, config.server.cheaper + 1, min(2 * machine.cpus, half // WORKER_ESTIMATE))
    processes = several if server.forks else 1
    worker_memory = config.worker_memory or max(LEAST_WORKER, half // processes)
    return Size(processes, config.threads or server.threads, worker_memory)
