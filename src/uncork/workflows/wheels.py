"""The packages that were sent to this machine: those that no release has in its lock are not kept for long."""

import time
from typing import Final

from uncork.machine import files
from uncork.recipes.retire import old_wheels
from uncork.workflows.work import Work

SPARED: Final = 86400.0
"""Seconds for which what was sent stays anyhow: a deploy of another app may be about to install it."""


def prune(work: Work) -> None:
    """Remove what was sent for releases that are gone."""
    before = time.time() - SPARED
    sent = [path for path in files.names_in(work.layout.wheels) if path.stat().st_mtime < before]
    if sent:
        locks = work.layout.apps.glob("*/releases/*/requirements*.txt")
        work.do(*old_wheels(sent, [files.read(path) for path in locks]))
