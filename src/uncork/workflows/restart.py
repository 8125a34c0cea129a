"""Restart the live release side by side: a second instance takes over from the first."""

from uncork.layout import Layout
from uncork.report import Reporter
from uncork.workflows.changing import changing
from uncork.workflows.take_over import Deployed, Settle, keep, run_release
from uncork.workflows.work import begin, existing


def restart(layout: Layout, app: str, report: Reporter, settle: Settle = keep) -> Deployed:
    """Let a new instance of the live release take over, with the values of `config set` as they are now."""
    work = begin(layout, report, app)
    with changing(work, app, "restart") as facts:
        return run_release(work, facts, existing(facts, app), "restart", settle)
