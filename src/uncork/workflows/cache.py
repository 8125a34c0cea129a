"""Forget the responses that the front keeps of an app."""

from dataclasses import dataclass
from pathlib import Path

from uncork.layout import Layout
from uncork.machine import files, processes
from uncork.machine.identity import acting_as
from uncork.plan import Remove
from uncork.report import Silent
from uncork.workflows.audit import audited


@dataclass(frozen=True)
class Cleared:
    """How many responses of an app were kept, and how many bytes of the disk they took."""

    app: str
    responses: int
    bytes: int


def clear(layout: Layout, app: str) -> Cleared:
    """Forget what is kept, because somebody asked for it."""
    with audited(layout, app, "cache clear", Silent()):
        return forget(layout, app)


def forget(layout: Layout, app: str) -> Cleared:
    """Forget what is kept, and what is just being written; the front goes on, and asks the app for each URL again.

    It is done as the account that serves: the folder is that account's, and what it leads to is not for root to remove.
    """
    folder = layout.front_cache(app)
    with acting_as(processes.account()):
        sizes = [files.size(path) for path in _responses(folder)]
        for path in files.names_in(folder):
            files.remove(Remove(path))
    return Cleared(app, len(sizes), sum(sizes))


def remove(layout: Layout, app: str) -> None:
    """Forget what is kept of an app that is gone, and where it was kept."""
    with acting_as(processes.account()):
        files.remove(Remove(layout.front_cache(app)))


def _responses(folder: Path) -> list[Path]:
    """Those that are whole; the name of what is being written has a number behind a dot."""
    return [path for path in folder.rglob("*") if path.is_file() and not path.suffix]
