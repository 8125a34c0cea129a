"""Give an app more processes, or fewer: a second run of the live release takes over, with as many as are wanted."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from uncork.app_layout import AppLayout
from uncork.apply import apply
from uncork.errors import UsageError
from uncork.layout import Layout
from uncork.machine import files
from uncork.model import Facts, Release
from uncork.plan import File, Plan, Remove, Step
from uncork.recipes.front import sites
from uncork.recipes.sizing import can_scale
from uncork.report import Reporter
from uncork.serving import Address
from uncork.workflows.changing import changing
from uncork.workflows.take_over import Deployed, Settle, deployed, keep, run_release, taken_back
from uncork.workflows.work import Work, begin, existing


@dataclass(frozen=True)
class Scaled:
    """How many processes an app has now, or has when it is started; `running`: a run took over with them."""

    app: str
    processes: int
    auto: bool
    running: bool
    deployed: Deployed


def scale(layout: Layout, app: str, processes: int | None, report: Reporter, settle: Settle = keep) -> Scaled:
    """Have the app's releases run with so many processes from now on; None: as many as each was built for.

    Raises UsageError for a release that has its number for good, and RefusedError if it does not boot with this one.
    """
    work = begin(layout, report, app)
    with changing(work, app, f"scale {processes or 'auto'}", wake=False) as facts:
        before = existing(facts, app)
        _check(before)
        with _or_as_before(work, layout.app(app)):
            work.do(_wanted(layout.app(app), processes))
            now = work.facts()
            release = existing(now, app)
            idle = now.app(app).stopped or not now.supervising or release.processes == before.processes
            done = _as_is(work, now, release) if idle else run_release(work, now, release, "scale", settle)
            if idle and not settle(done):
                raise taken_back(release.id)
    return Scaled(app, release.processes, processes is None, not idle, done)


def _as_is(work: Work, facts: Facts, release: Release) -> Deployed:
    """Return what is told of a release that goes on as it is, or waits to be started."""
    return deployed(work, release, sites(facts, release.site), facts.address or Address(), facts.app(release.app))


def _check(release: Release) -> None:
    if can_scale(release):
        return
    fix = "write `threads` in its place in the project's config, or choose another server"
    if release.server != "waitress":
        fix = "deploy it again with `uncork up`, and scale it then"
    raise UsageError(f"release {release.id} of {release.app} runs with {release.processes} and no other number", fix)


def _wanted(layout: AppLayout, processes: int | None) -> Step:
    return Remove(layout.scale) if processes is None else File(layout.scale, f"{processes}\n")


@contextmanager
def _or_as_before(work: Work, layout: AppLayout) -> Iterator[None]:
    """Forget a number that the app does not run with."""
    before = files.tail(layout.scale, 0, 16)
    try:
        yield
    except BaseException:
        back = File(layout.scale, before) if before else Remove(layout.scale)
        apply(Plan(cleanup=(back,)), work.account, work.report)
        raise
