"""What uncork costs beside requests: the first deploy, memory, and the command line."""

import time
from itertools import pairwise
from pathlib import Path
from typing import Final

from bench import processes
from bench.machine import free_port, median
from bench.ours import COMMAND, Uncork
from bench.table import Table

MEGABYTE: Final = 1024 * 1024
TIMES: Final = 5


def measure(folder: Path) -> tuple[Table, ...]:
    """A first deploy with uv's cache warm, the memory of one app and of two more, the CPU time of two verbs."""
    ours = Uncork(folder / "costs", free_port())
    start = time.monotonic()
    try:
        ours.start()
        first = time.monotonic() - start
        memory = [_memory(ours)]
        for name in ("second", "third"):
            ours.another(name)
            memory.append(_memory(ours))
        rows = (
            ("first deploy, uv's cache warm", f"{first:.2f} s"),
            ("memory with one app (PSS)", f"{memory[0]:.0f} MB"),
            (
                "memory for each further app",
                f"{median(b - a for a, b in pairwise(memory)):.0f} MB",
            ),
            ("CPU of `uncork --help`", f"{_cpu('--help'):.2f} s"),
            ("CPU of `uncork status`", f"{_cpu('status', '--home', str(ours.home)):.2f} s"),
        )
    finally:
        ours.stop()
    return (
        Table(
            "The rest",
            ("", "cost"),
            rows,
            ("Memory is of supervisord, nginx, every server and what holds their sockets.",),
        ),
    )


def _memory(ours: Uncork) -> float:
    """After some requests, since workers grow with their first."""
    for _ in range(50):
        ours.answers()
    return processes.pss_bytes(ours.roots()) / MEGABYTE


def _cpu(*words: str) -> float:
    return median(processes.cpu_of((*COMMAND, *words)) for _ in range(TIMES))
