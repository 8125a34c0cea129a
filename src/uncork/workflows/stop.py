"""Stop an app: visitors are told that it is away, and its server finishes and ends; nothing is lost."""

import time

from uncork.apply import apply
from uncork.layout import Layout
from uncork.model import Address, Facts
from uncork.plan import File, Plan
from uncork.recipes.change_over import retire
from uncork.recipes.provision import LEFTOVER_TIME
from uncork.report import Reporter
from uncork.workflows.changing import changing
from uncork.workflows.front import serve
from uncork.workflows.work import Work, begin, existing, record


def stop(layout: Layout, app: str, report: Reporter) -> None:
    """Stop the app until `start` or the next `up`, after a reboot too."""
    work = begin(layout, report)
    with changing(work, app, "stop", wake=False) as facts:
        started = time.monotonic()
        release = existing(facts, app)
        work.do(File(layout.app(app).stopped, ""))
        if facts.supervising and not facts.app(app).stopped:
            serve(work, facts.address or Address())
            end(work, facts, app)
        record(work, app, "stop", release.id, started)


def end(work: Work, facts: Facts, name: str) -> None:
    """Let an app's live instance finish and end. The front must send it nothing any more."""
    app = facts.app(name)
    if app.live:
        most = app.live_release.drain if app.live_release else LEFTOVER_TIME
        steps = retire(app.live, most, work.layout, work.supervisor)
        apply(Plan(cleanup=steps), work.account, work.report)
