"""Stop everything of a state directory: the apps, the front, the supervisor. Data and releases are kept."""

from contextlib import ExitStack

from uncork.apply import apply
from uncork.errors import UserError
from uncork.layout import Layout
from uncork.machine import files
from uncork.model import Facts, Instance
from uncork.plan import End, File, Plan, Step
from uncork.recipes.provision import LEFTOVER_TIME
from uncork.report import Reporter
from uncork.workflows.audit import audited
from uncork.workflows.work import FRONT_WAIT, Work, begin


def down(layout: Layout, report: Reporter) -> None:
    """Stop all until the next `up` or `start`. Raises LockedError while an app is being changed."""
    work = begin(layout, report)
    with audited(layout, "", "down", report), ExitStack() as locks:
        for app in work.facts().apps:
            locks.enter_context(files.hold(layout.app(app.name).lock))
        if layout.home.exists():
            locks.enter_context(files.hold_waiting(layout.lock, FRONT_WAIT))
            end_all(work)


def end_all(work: Work) -> None:
    """End the apps, the front and the supervisor, and what a lost supervisor left. The front's lock must be held."""
    facts = work.facts()
    steps: list[Step] = [File(work.layout.down, "")]
    if facts.supervising:
        steps += work.supervisor.end(work.layout, _instances(facts))
    steps += work.front.leave() if facts.front == work.front.name else ()
    if facts.leftovers:
        steps.append(End(facts.leftovers, LEFTOVER_TIME, "end what a lost supervisor left"))
    work.do(*steps)


def end_if_idle(work: Work, app: str) -> None:
    """End the front and the supervisor if they serve nothing, and no other app is being changed.

    The lock of `app` must be held. What goes wrong is noted: something else has failed before.
    """
    if work.layout.machine:  # its supervisor is there anyway
        return
    with ExitStack() as locks:
        try:
            for other in work.facts().apps:
                if other.name != app:
                    locks.enter_context(files.hold(work.layout.app(other.name).lock))
            locks.enter_context(files.hold_waiting(work.layout.lock, FRONT_WAIT))
            facts = work.facts()
        except UserError:  # another app is being changed, or the state can't be read
            return
        if facts.supervising and not any(known.live for known in facts.apps):
            steps = work.supervisor.end(work.layout, _instances(facts))
            apply(Plan(cleanup=steps), work.account, work.report)


def _instances(facts: Facts) -> tuple[Instance, ...]:
    return tuple(instance for program in facts.programs if (instance := Instance.parse(program.name)))
