"""Start an app that was stopped, or that `down` stopped with everything else."""

import time

from uncork.layout import Layout
from uncork.model import Address
from uncork.report import Reporter
from uncork.workflows.changing import changing
from uncork.workflows.front import port_is_free, serve
from uncork.workflows.take_over import Deployed, deployed, run_release
from uncork.workflows.work import begin, existing, record


def start(layout: Layout, app: str, report: Reporter) -> Deployed:
    """Start the app's live release; one that runs already is left as it is."""
    work = begin(layout, report)
    with changing(work, app, "start") as facts:
        release = existing(facts, app)
        if facts.app(app).stopped:
            return run_release(work, facts, release, "start")
        started = time.monotonic()
        address = facts.address or Address()
        port_is_free(facts, address)
        sites = serve(work, address)
        record(work, app, "start", release.id, started)
        return deployed(work, release, sites, address, facts.app(app))
