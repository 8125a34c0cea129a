"""Which cores a process may run on: while it does what no visitor waits for, all but one, which is the visitors'.

A scheduler makes who wakes wait until who runs has had its time, 3 to 4 ms, however nice that is: with every core busy
importing, visitors of the release beside it waited. See sched_setaffinity(2); without it (macOS) nothing is changed.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Final, Optional

# What counts the cores it may use once, as it is imported, and makes that many threads for good.
COUNTS: Final = ("numpy", "polars", "pyarrow", "torch")


class _Cores:
    """What this process was given, and what of that it uses, while it leaves one; both None when it uses all."""

    given: Optional[set[int]] = None
    used: Optional[set[int]] = None


def leave_one() -> None:
    """Leave one of this process's cores to others, for this thread and what it starts; a single one is not left.

    It is the same one for all of a machine, but not for all machines: several may be containers on one computer.
    """
    if not sys.platform.startswith("linux") or _Cores.given is not None:
        return
    given = os.sched_getaffinity(0)
    left = sorted(given)[sum(os.uname().nodename.encode()) % len(given)]
    if len(given) > 1:
        with contextlib.suppress(OSError):  # a sandbox that forbids it
            os.sched_setaffinity(0, given - {left})
            _Cores.given, _Cores.used = given, given - {left}


@contextlib.contextmanager
def one_left() -> Iterator[None]:
    """Leave one meanwhile."""
    leave_one()
    try:
        yield
    finally:
        take_all()


def leave_one_to_import() -> None:
    """The same for what is about to import an app, unless the app has what would go on with fewer cores for good."""
    if any(find_spec(name) for name in COUNTS):
        take_all()
    else:
        leave_one()


def take_all() -> None:
    """Use all the cores again, in every thread, of the server too that this process was forked from.

    Who chose others by itself keeps them.
    """
    given, used, _Cores.given, _Cores.used = _Cores.given, _Cores.used, None, None
    if given is None:
        return
    for thread in (*_threads(os.getpid()), *_threads(os.getppid())):
        with contextlib.suppress(OSError):  # it has ended, or is somebody else's
            if os.sched_getaffinity(thread) == used:
                os.sched_setaffinity(thread, given)


def _threads(pid: int) -> list[int]:
    try:
        return [int(name) for name in os.listdir(f"/proc/{pid}/task")]
    except OSError:
        return []
