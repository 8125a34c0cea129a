"""Let one instance take traffic over from another, with the front as it must be for that."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from uncork.apply import apply
from uncork.errors import RefusedError, StepFailedError, UsageError
from uncork.machine import files
from uncork.model import AppFacts, Facts, Instance, Release
from uncork.plan import File, Plan, Remove, Step
from uncork.recipes.address import check_unchanged, front_of, url
from uncork.recipes.change_over import Running, boot, change_over, live_of, point, retire
from uncork.recipes.environment import COMPLETE
from uncork.recipes.explain import step_failed
from uncork.recipes.front import Served, sites
from uncork.recipes.https import settled
from uncork.serving import Address, Site
from uncork.workflows.front import port_is_free, refreshed, serve
from uncork.workflows.work import FRONT_WAIT, Work, record


@dataclass(frozen=True)
class Deployed:
    """What serves after a change; `seconds` maps each step's verb phrase to what it took."""

    app: str
    release: int
    environment: str
    url: str
    previous: int | None
    server: str
    seconds: dict[str, float]
    notes: tuple[str, ...] = ()


Settle = Callable[[Deployed], bool]
"""Hears that visitors are on a release, and says whether they stay; what they were on before is there until then."""


def keep(deployed: Deployed) -> bool:  # noqa: ARG001 -- a Settle
    """Keep whatever release it is."""
    return True


def take_over(
    work: Work,
    facts: Facts,
    new: Running,
    address: Address,
    *written: Step,
    given: tuple[File, ...] = (),
    settle: Settle = keep,
) -> Deployed:
    """Change over from what is live to `new`, and return what serves then. Nothing changes if any step fails.

    `written` are steps that belong to the switch: once it begins, the release has proven itself. `given` are the
    certificates that come with it. Raises RefusedError if `settle` says that visitors are to go back.
    """
    app = facts.app(new.release.app)
    live = live_of(app, new.release)
    apply(boot(new, work.layout, work.supervisor, work.account), work.account, work.report)
    with _or_forget(work, new), files.hold_waiting(work.layout.lock, FRONT_WAIT):
        now = work.facts()
        check_unchanged(facts, now, work.front.name)
        wanted = sites(now, replace(new.release.site, stopped=False))
        front = refreshed(work, now, Served(address, wanted, given))
        plan = change_over(new, live, work.layout, work.supervisor, front, stopped=app.stopped)
        apply(replace(plan, switch=(*written, *plan.switch), cleanup=()), work.account, work.report)
    done = deployed(work, new.release, wanted, address, app)
    if not settle(done):
        _go_back(work, facts, new, address)
    apply(Plan(cleanup=plan.cleanup), work.account, work.report)
    return replace(done, seconds=work.report.seconds)


def _go_back(work: Work, before: Facts, new: Running, address: Address) -> NoReturn:
    """Send visitors back to what they were on before, which still runs, and end `new`. Raises RefusedError."""
    app = before.app(new.release.app)
    live = live_of(app, new.release)
    with _or_forget(work, new):
        if live and not app.stopped:
            _switch_back(work, live, new, before.address or address)
        else:
            _withdraw(work, app, new, before.address or address)
        raise taken_back(new.release.id)


def taken_back(release: int) -> RefusedError:
    """Return what is told where `settle` says that visitors are to go back."""
    return RefusedError(
        f"release {release} was taken back: it could not stay on the other machines",
        "see what they say, mend it, and run it again",
        release=release,
    )


def _switch_back(work: Work, live: Running, new: Running, address: Address) -> None:
    with files.hold_waiting(work.layout.lock, FRONT_WAIT):
        now = work.facts()
        work = work.behind(front_of(now, live.release))
        front = refreshed(work, now, Served(address, sites(now, live.release.site)))
        plan = change_over(live, new, work.layout, work.supervisor, front)
        apply(replace(plan, cleanup=()), work.account, work.report)


def _withdraw(work: Work, app: AppFacts, new: Running, address: Address) -> None:
    """Have nothing of the app run, as it was before."""
    layout = work.layout.app(app.name)
    if app.live_release:
        mark = (File(layout.stopped, ""), *point(work.layout, app.live or new.instance, "switch back"))
    else:
        mark = (Remove(layout.current_socket), Remove(layout.live))
    apply(Plan(switch=mark), work.account, work.report)
    serve(work, address)


@contextmanager
def _or_forget(work: Work, new: Running) -> Iterator[None]:
    """End an instance that is up when it could not be switched to; one that visitors are on stays, whatever failed."""
    try:
        yield
    except BaseException:
        if work.facts().app(new.release.app).live != new.instance:
            steps = retire(new.instance, new.release.drain, work.layout, work.supervisor)
            apply(Plan(cleanup=steps), work.account, work.report)
        raise


def deployed(work: Work, release: Release, served: tuple[Site, ...], address: Address, before: AppFacts) -> Deployed:
    """Return what is told of a change that is done; `before` is what was so when it began."""
    return Deployed(
        app=release.app,
        release=release.id,
        environment=release.environment,
        url=url(
            release.site, served, replace(address, shared=work.front.shares(address)), elsewhere=work.layout.machine
        ),
        previous=before.live.release if before.live else None,
        server=release.server,
        seconds=work.report.seconds,
    )


def next_instance(app: AppFacts, release: int) -> Instance:
    """Return an instance of the release whose name no running one has."""
    taken = {app.live} | {Instance.parse(program.name) for program in app.programs}
    instance = Instance(app.name, release)
    while instance in taken:
        instance = instance.next()
    return instance


def run_release(work: Work, facts: Facts, release: Release, event: str, settle: Settle = keep) -> Deployed:
    """Let a finished release take over on an instance of its own, and write that down as `event`.

    `settle` is as in `take_over`.
    """
    started = time.monotonic()
    app = facts.app(release.app)
    work = work.behind(front_of(facts, release))
    address = settled(facts.address or Address(), sites(facts, replace(release.site, stopped=False)))
    port_is_free(facts, address, work.front)
    if not (Path(release.venv) / COMPLETE).exists():
        raise UsageError(
            f"the environment of release {release.id} is gone", "deploy the project again with `uncork up`"
        )
    try:
        deployed = take_over(work, facts, Running(release, next_instance(app, release.id)), address, settle=settle)
    except StepFailedError as error:
        raise step_failed(error, release.id, app.live_release) from error
    record(work, app.name, event, release.id, started)
    return deployed
