"""The apps that have a live release, as the files say: looked at each second, by a few calls an app."""

import os
from dataclasses import dataclass
from pathlib import Path

from uncork.layout import AppLayout, Layout
from uncork.model import Instance, Release
from uncork.records import decode

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
        """Return the apps of which anything is kept."""
        try:
            return tuple(sorted(name for name in os.listdir(self._layout.apps) if not name.startswith(".")))  # noqa: PTH208
        except FileNotFoundError:
            return ()

    def live(self, name: str) -> Live | None:
        """Return an app's live release; None if it has none. Raises OSError or UserError if that can't be read."""
        layout = self._layout.app(name)
        marked = _target(layout.live)
        if not marked or not Path(marked).name.isdecimal():
            self._records.pop(name, None)
            return None
        release = self._release(layout.record(int(Path(marked).name)), name)
        return Live(layout, release, _instance(layout, release))

    def _release(self, path: Path, name: str) -> Release:
        """Numbers begin anew when an app was destroyed; so it takes more to know a record by."""
        found = path.stat()
        seen = (str(path), found.st_ino, found.st_mtime_ns)
        known = self._records.get(name)
        if not known or known[0] != seen:
            known = self._records[name] = (seen, decode(path.read_text("utf-8")))
        return known[1]


def _instance(layout: AppLayout, release: Release) -> Instance:
    target = _target(layout.current_socket)
    found = Instance.parse(f"{layout.app}.{Path(target).parent.name}") if target else None
    return found or Instance(layout.app, release.id)


def _target(link: Path) -> str | None:
    try:
        return os.readlink(link)  # noqa: PTH115 -- each second: Path costs more
    except (FileNotFoundError, NotADirectoryError):
        return None
