"""Start an app that was stopped, or that `down` or a reboot stopped with everything else."""

import time

from uncork.apply import apply
from uncork.errors import StepFailedError, UsageError, UserError
from uncork.layout import Layout
from uncork.model import Facts, Release
from uncork.plan import Plan
from uncork.recipes.change_over import Running, prove
from uncork.report import Reporter
from uncork.serving import Address
from uncork.workflows.changing import changing
from uncork.workflows.front import port_is_free, serve
from uncork.workflows.take_over import Deployed, deployed, run_release
from uncork.workflows.work import Work, begin, existing, record


def start(layout: Layout, app: str, report: Reporter) -> Deployed:
    """Start the app's live release; one that runs already is left as it is. Raises UserError if it doesn't answer."""
    work = begin(layout, report, app)
    with changing(work, app, "start") as facts:
        release = existing(facts, app)
        if facts.app(app).stopped:
            return run_release(work, facts, release, "start")
        started = time.monotonic()
        address = facts.address or Address()
        port_is_free(facts, address, work.front)
        sites = serve(work, address)
        _check(work, facts, release)
        record(work, app, "start", release.id, started)
        return deployed(work, release, sites, address, facts.app(app))


def start_all(layout: Layout, report: Reporter) -> tuple[Deployed, ...]:
    """Start every app that is meant to run: what `down` or a reboot stopped, but not what `stop` did.

    Raises UsageError if that is none.
    """
    names = [app.name for app in begin(layout, report).facts().apps if app.live and not app.stopped]
    if not names:
        raise UsageError("every app here is stopped", "name the one to start with --app")
    return tuple(start(layout, name, report) for name in names)


def _check(work: Work, facts: Facts, release: Release) -> None:
    live = facts.app(release.app).live
    if live is None:
        return
    try:
        apply(Plan(prepare=prove(Running(release, live), work.layout, work.supervisor)), work.account, work.report)
    except StepFailedError as error:
        problem = f"{release.app} was started, but does not serve: could not {error.why}: {error.reason}"
        fix = "mend the cause shown above, or go back with `uncork rollback`"
        raise UserError(problem, fix, error.output) from error
