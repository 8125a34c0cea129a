"""The agent of a machine set up for serving: it runs, from this uncork's code, whether there are apps or not."""

from uncork.layout import Layout
from uncork.machine import files
from uncork.recipes import provision
from uncork.report import Reporter
from uncork.workflows.changing import programs
from uncork.workflows.work import FRONT_WAIT, begin


def tend(layout: Layout, report: Reporter) -> None:
    """Have the agent run. Raises LockedError while others change the machine for long."""
    work = begin(layout, report)
    with files.hold_waiting(layout.lock, FRONT_WAIT):
        work.do(*provision.machine_folders(layout))
        facts = work.facts()
        work.do(*provision.agent(facts, layout, work.supervisor, programs(work)))
