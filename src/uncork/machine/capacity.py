"""What this machine has: cores, memory and disk, as far as the control group of this process may use them."""

import os
from collections.abc import Iterator
from math import ceil
from pathlib import Path
from typing import Final

from uncork.model import Machine

GROUPS: Final = Path("/sys/fs/cgroup")
OWN_GROUP: Final = Path("/proc/self/cgroup")
SOMAXCONN: Final = Path("/proc/sys/net/core/somaxconn")
USUAL_BACKLOG: Final = 128  # SOMAXCONN of the BSDs and of macOS


def machine(home: Path) -> Machine:
    """Return what there is, with the free space of the disk that holds `home`, which may not exist yet."""
    groups = tuple(_groups())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Machine(
        cpus=min([_cores(), *(limit for group in groups if (limit := _cpu_limit(group)))]),
        memory_bytes=min([memory, *(limit for group in groups if (limit := _number(group / "memory.max")))]),
        free_bytes=_free(home),
        backlog=_number(SOMAXCONN) or USUAL_BACKLOG,
    )


def _cores() -> int:
    """Return the cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _groups() -> Iterator[Path]:
    """Yield the folder of our control group (version 2) and of each group around it; cgroups(7)."""
    name = next((line[3:] for line in _text(OWN_GROUP).splitlines() if line.startswith("0::")), "")
    own = GROUPS / name.strip("/")
    for group in (own, *own.parents):
        if group.is_relative_to(GROUPS):
            yield group


def _cpu_limit(group: Path) -> int | None:
    """Return the whole cores that a group's share of time is worth; None if it has no limit."""
    quota, _, period = _text(group / "cpu.max").strip().partition(" ")
    if not (quota.isdecimal() and period.isdecimal() and int(period)):
        return None
    return max(1, ceil(int(quota) / int(period)))


def _number(path: Path) -> int | None:
    text = _text(path).strip()
    return int(text) if text.isdecimal() else None


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace")
    except OSError:
        return ""


def _free(home: Path) -> int:
    there = next(path for path in (home, *home.parents) if path.exists())
    disk = os.statvfs(there)
    return disk.f_bavail * disk.f_frsize
