"""An instance's processes by their cgroup, on a machine set up for serving: anybody may look there, unlike in /proc."""

from pathlib import Path
from typing import Final

from uncork.model import Instance
from uncork.supervisors import units

ROOT: Final = Path("/sys/fs/cgroup")


def pids(instance: Instance) -> tuple[int, ...]:
    """Return the processes of an instance, its children's too; none if it does not run."""
    return tuple(int(word) for word in _read(instance, "cgroup.procs").split())


def memory(instance: Instance) -> int:
    """Return the bytes of memory that an instance's processes have; 0 where the machine does not count them."""
    lines = (line.split() for line in _read(instance, "memory.stat").splitlines())
    return next((int(words[1]) for words in lines if words[:1] == ["anon"]), 0)


def _read(instance: Instance, name: str) -> str:
    folder = ROOT / units.SLICE / units.app_slice(instance.app) / units.service(instance)
    try:
        return (folder / name).read_text("ascii")
    except OSError:
        return ""
