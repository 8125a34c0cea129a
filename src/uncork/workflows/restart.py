"""Restart the live release side by side: a second instance takes over from the first."""

from collections.abc import Mapping

from uncork.layout import Layout
from uncork.report import Reporter
from uncork.workflows.changing import changing
from uncork.workflows.take_over import Deployed, Settle, keep, run_release
from uncork.workflows.values import tried
from uncork.workflows.work import begin, existing


def restart(layout: Layout, app: str, report: Reporter, settle: Settle = keep) -> Deployed:
    """Let a new instance of the live release take over, with the values of `config set` as they are now."""
    work = begin(layout, report, app)
    with changing(work, app, "restart") as facts:
        return run_release(work, facts, existing(facts, app), "restart", settle)


def restart_with(
    layout: Layout, app: str, values: Mapping[str, str | None], report: Reporter, settle: Settle = keep
) -> Deployed:
    """Set values, or with None take them away, and restart with them; where that fails they are as they were."""
    with tried(layout, app, values):
        return restart(layout, app, report, settle)
