"""What is thrown away once a release serves: the oldest releases, and the environments and locks nobody needs."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from uncork.model import AppFacts, Release
from uncork.plan import Remove, Step
from uncork.project.distributions import normalised
from uncork.project.requirements import versions


def old_releases(app: AppFacts, keep: int) -> tuple[Release, ...]:
    """Return all releases but the newest `keep`; the live one always stays.

    Nothing is thrown away where nothing is live: that may only not be known.
    """
    if not app.live:
        return ()
    kept = {release.id for release in app.releases[-keep:]} | {app.live.release}
    return tuple(release for release in app.releases if release.id not in kept)


def old_wheels(wheels: Sequence[Path], locks: Iterable[str]) -> tuple[Step, ...]:
    """Return the steps that remove the wheels of distributions which none of the locks has, in that version."""
    used = {pinned for lock in locks for pinned in versions(lock).items()}
    return tuple(Remove(path) for path in wheels if _distribution(path.name) not in used)


def _distribution(wheel: str) -> tuple[str, str]:
    """Return the normalised name and the version in a wheel's file name."""
    name, _, rest = wheel.partition("-")
    return normalised(name), rest.partition("-")[0]


def old_environments(app: AppFacts, on_disk: Sequence[Path]) -> tuple[Step, ...]:
    """Return the steps that remove the environments which none of the app's releases uses."""
    used = {release.venv for release in app.releases}
    return tuple(Remove(path) for path in on_disk if str(path) not in used)
