"""Stop an app: visitors are told that it is away, and its server finishes and ends; nothing is lost."""

import time

from uncork.apply import apply
from uncork.layout import Layout
from uncork.model import Facts, Instance
from uncork.plan import File, Plan
from uncork.recipes.change_over import retire
from uncork.recipes.provision import LEFTOVER_TIME
from uncork.report import Reporter
from uncork.serving import Address
from uncork.workflows.changing import changing
from uncork.workflows.front import serve
from uncork.workflows.work import Work, begin, existing, record


def stop(layout: Layout, app: str, report: Reporter) -> None:
    """Stop the app until `start` or the next `up`, after a reboot too."""
    work = begin(layout, report, app)
    with changing(work, app, "stop", wake=False) as facts:
        started = time.monotonic()
        release = existing(facts, app)
        work.do(File(layout.app(app).stopped, ""))
        if facts.supervising:
            serve(work, facts.address or Address())
            end(work, facts, app)
        record(work, app, "stop", release.id, started)


def end(work: Work, facts: Facts, name: str) -> None:
    """Let all instances of an app finish and end. The front must send them nothing any more."""
    app = facts.app(name)
    for instance in sorted(i for program in app.programs if (i := Instance.parse(program.name))):
        release = app.release(instance.release)
        steps = retire(instance, release.drain if release else LEFTOVER_TIME, work.layout, work.supervisor)
        apply(Plan(cleanup=(*steps, *work.supervisor.settle())), work.account, work.report)
