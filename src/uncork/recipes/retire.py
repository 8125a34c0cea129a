"""What is thrown away once a release serves: the oldest releases, and the environments and locks nobody needs."""

from collections.abc import Sequence
from pathlib import Path

from uncork.model import AppFacts, Release
from uncork.plan import Remove, Step


def old_releases(app: AppFacts, keep: int) -> tuple[Release, ...]:
    """Return all releases but the newest `keep`; the live one always stays.

    Nothing is thrown away where nothing is live: that may only not be known.
    """
    if not app.live:
        return ()
    kept = {release.id for release in app.releases[-keep:]} | {app.live.release}
    return tuple(release for release in app.releases if release.id not in kept)


def old_environments(app: AppFacts, on_disk: Sequence[Path]) -> tuple[Step, ...]:
    """Return the steps that remove the environments which none of the app's releases uses."""
    used = {release.venv for release in app.releases}
    return tuple(Remove(path) for path in on_disk if str(path) not in used)
