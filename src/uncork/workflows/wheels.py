"""The packages that were sent to this machine: those that no release has in its lock are not kept for long."""

import time
from typing import Final

from uncork.machine import files
from uncork.recipes.retire import old_wheels
from uncork.workflows.work import Work

LONGEST: Final = 16 * 1024**2
SPARED: Final = 86400.0
"""Seconds for which what was sent stays anyhow: a deploy of another app may be about to install it."""


def prune(work: Work) -> None:
    """Remove what was sent for releases that are gone. Other apps' releases may be going at the same time."""
    before = time.time() - SPARED
    sent = [path for path in files.names_in(work.layout.wheels) if files.written(path) < before]
    if sent:
        locks = work.layout.apps.glob("*/releases/*/requirements*.txt")
        work.do(*old_wheels(sent, [files.tail(path, 0, LONGEST) for path in locks]))
