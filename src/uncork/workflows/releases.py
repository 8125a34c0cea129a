"""The releases of an app, newest first: those that are kept, and the deploys that were refused."""

from collections.abc import Sequence
from dataclasses import dataclass

from uncork import facts as machine_facts
from uncork.layout import Layout
from uncork.model import AppFacts, Release
from uncork.records import Event


@dataclass(frozen=True)
class Row:
    """One release. `state` is `live`, `stopped` (it would be live), `kept`, or `refused` with the `problem`.

    `created` is UTC in ISO 8601; a refused release is not kept, so that nothing more is known of it.
    """

    id: int | None
    created: str
    state: str
    environment: str = ""
    lock: str = ""
    server: str = ""
    python: str = ""
    problem: str = ""


def releases(layout: Layout, app: str) -> tuple[Row, ...]:
    """Return what is live, what could be gone back to, and what was refused since the oldest of these."""
    return rows(machine_facts.read(layout).app(app), machine_facts.events(layout.app(app)))


def rows(app: AppFacts, events: Sequence[Event]) -> tuple[Row, ...]:
    """Return the rows that an app's releases and its history come to."""
    kept = [_row(app, release) for release in app.releases]
    oldest = min((row.created for row in kept), default="")
    refused = [
        Row(event.release, event.when, "refused", problem=event.problem.partition("\n")[0])
        for event in events
        if event.event == "up" and event.result != "ok" and event.when >= oldest
    ]
    return tuple(sorted((*kept, *refused), key=lambda row: row.created, reverse=True))


def _row(app: AppFacts, release: Release) -> Row:
    state = "kept"
    if app.live and app.live.release == release.id:
        state = "stopped" if app.stopped else "live"
    return Row(
        id=release.id,
        created=release.created,
        state=state,
        environment=release.environment,
        lock=release.lock[:12],
        server=release.server,
        python=release.python,
    )
