"""How many processes and threads an app gets, and how large a worker may grow, where the config is silent."""

from dataclasses import dataclass
from typing import Final

from uncork.config import Config
from uncork.model import Machine
from uncork.servers.server import Server

MEGABYTE: Final = 1024 * 1024
WORKER_ESTIMATE: Final = 128 * MEGABYTE
LEAST_WORKER: Final = 256 * MEGABYTE


@dataclass(frozen=True)
class Size:
    """What one app may use: counts, and bytes a worker."""

    processes: int
    threads: int
    worker_memory: int


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
