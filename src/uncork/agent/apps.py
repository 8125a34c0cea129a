"""The apps that have a live release, as the files say: looked at each second, by a few calls an app."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from uncork import facts
from uncork.app_layout import AppLayout
from uncork.layout import Layout
from uncork.machine import files
from uncork.model import Instance, Release
from uncork.records import decode

REPLACED: Final = 30.0
_Seen = tuple[str, int, int]


@dataclass(frozen=True)
class Live:
    """An app that visitors may be on: its files, its live release, and the instance that the front connects to."""

    layout: AppLayout
    release: Release
    instance: Instance


class Apps:
    """Every app with a live release. A record is read again only when it is another one."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._records: dict[str, tuple[_Seen, Release]] = {}

    def names(self) -> tuple[str, ...]:
        """Return the apps of which anything is kept, but for those that have just come."""
        return tuple(path.name for path in files.names_in(self._layout.apps) if not _has_just_come(path))

    def live(self, name: str) -> Live | None:
        """Return an app's live release; None if it has none. Raises OSError or UserError if that can't be read."""
        layout = self._layout.app(name)
        marked = facts.marked(layout)
        if marked is None:
            self._records.pop(name, None)
            return None
        release = self._release(layout.record(marked), name)
        return Live(layout, release, facts.connected(layout) or Instance(name, release.id))

    def _release(self, path: Path, name: str) -> Release:
        """Numbers begin anew when an app was destroyed; so it takes more to know a record by."""
        found = path.stat()
        seen = (str(path), found.st_ino, found.st_mtime_ns)
        known = self._records.get(name)
        if not known or known[0] != seen:
            known = self._records[name] = (seen, decode(path.read_text("utf-8")))
        return known[1]


def _has_just_come(app: Path) -> bool:
    """Whether it has a group that we are not in: a process keeps those that it began with, so we are being replaced."""
    try:
        return not os.access(app, os.X_OK) and 0 <= time.time() - app.lstat().st_ctime < REPLACED
    except FileNotFoundError:  # it is gone again
        return True
