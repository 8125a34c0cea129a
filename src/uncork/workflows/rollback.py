"""Go back to an older release, as it was recorded: nothing is rendered or built anew."""

from uncork.errors import UsageError
from uncork.facts import read
from uncork.layout import Layout
from uncork.model import AppFacts, Release
from uncork.report import Reporter
from uncork.workflows.changing import changing
from uncork.workflows.take_over import Deployed, Settle, keep, run_release
from uncork.workflows.work import begin, existing


def find(layout: Layout, app: str, release: int | None) -> Release:
    """Return the release that `rollback` would let take over. Raises UsageError where there is none."""
    facts = read(layout)
    existing(facts, app)
    return _target(facts.app(app), release)


def rollback(layout: Layout, app: str, release: int | None, report: Reporter, settle: Settle = keep) -> Deployed:
    """Let an older release take over: the given one, or the newest that is older than the live one."""
    work = begin(layout, report, app)
    with changing(work, app, "rollback") as facts:
        existing(facts, app)
        return run_release(work, facts, _target(facts.app(app), release), "rollback", settle)


def _target(app: AppFacts, asked: int | None) -> Release:
    live = app.live.release if app.live else 0
    older = tuple(release.id for release in app.releases if release.id < live)
    number = asked if asked is not None else max(older, default=0)
    found = app.release(number)
    if found and found.id != live:
        return found
    kept = ", ".join(str(release.id) for release in app.releases if release.id != live) or "none"
    what = "there is no older release" if asked is None else f"release {asked} can't be gone back to"
    raise UsageError(what, f"kept besides the live one ({live}): {kept}")
