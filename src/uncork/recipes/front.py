"""What it takes to have the front serve the sites it should, on the address it should."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from uncork.fronts.front import Front
from uncork.layout import Layout
from uncork.model import AppFacts, Facts
from uncork.plan import Answer, File, Remove, Step
from uncork.recipes.https import Certificates
from uncork.records import FrontRecord, encode_front
from uncork.serving import ACME, Address, Site
from uncork.supervisors.supervisor import Supervisor

ANSWER_TIME: Final = 10.0
RELOAD: Final = "reload"
START: Final = "start"


@dataclass(frozen=True)
class Refresh:
    """The front's part of a plan; all empty where nothing of it changes."""

    prepare: tuple[Step, ...] = ()
    switch: tuple[Step, ...] = ()
    revert: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Fronts:
    """The front that is to answer, and the one that does; mostly the same."""

    wanted: Front
    present: Front


@dataclass(frozen=True)
class Served:
    """What the front answers for: where, and which sites, in the order of their first deploy.

    `given` are certificates that come with them, `certificates` all that the front is still to get.
    """

    address: Address
    sites: tuple[Site, ...]
    given: tuple[File, ...] = ()
    certificates: Certificates = field(default_factory=Certificates)


def sites(facts: Facts, changed: Site | None = None, gone: str | None = None) -> tuple[Site, ...]:
    """Return what the front should serve: every live site, one as it will be, in order of first deploy."""
    known = {app.name: _site(app) for app in facts.apps}
    if changed:
        app = facts.app(changed.app)
        known[changed.app] = replace(certified(changed, app), maintenance=app.maintenance)
    return tuple(site for name, site in known.items() if site and name != gone)


def _site(app: AppFacts) -> Site | None:
    live = app.live_release
    return replace(certified(live.site, app), stopped=app.stopped, maintenance=app.maintenance) if live else None


def certified(site: Site, app: AppFacts) -> Site:
    """Return a site of the app with the names under which it may answer HTTPS by now, where a CA decides that."""
    acme = site.tls.kind == ACME
    return replace(site, tls=replace(site.tls, names=app.certificate.names)) if acme else site


def runs(facts: Facts) -> bool:
    """Whether the front is there."""
    return any(program.name == "front" and program.running for program in facts.programs)


def is_missing(facts: Facts) -> bool:
    """Whether a front should be there, and is not: after a reboot, or since its supervisor was killed."""
    return facts.supervising and bool(sites(facts)) and not runs(facts)


def refresh(
    fronts: Fronts, supervisor: Supervisor, layout: Layout, facts: Facts, wanted: Served, on_disk: Mapping[Path, str]
) -> Refresh:
    """Return the steps that bring the front's config on disk (`on_disk`) and the running front to what is wanted.

    Nothing is done where the text is the same: a reload, though it loses no request, closes kept-alive connections.
    But one that was begun and never seen to its end, since the command was killed, is done again.
    """
    front = fronts.wanted
    files = front.files(layout, wanted.address, wanted.sites, facts.account)
    changed = tuple(file for file in files if on_disk.get(file.path) != file.content)
    stale = tuple(Remove(path) for path in on_disk if path not in {file.path for file in files})
    new = (*wanted.certificates.make, *changed)
    moves = bool(new and not front.reloads) or _moves(front, layout, facts, wanted.address)
    if not (moves or new or stale or facts.pending):
        return Refresh()
    done = Remove(layout.front_pending)
    act = _act(fronts, supervisor, layout, facts, wanted, moves=moves)
    back = _back(fronts, supervisor, layout, facts, moves=moves) if new else ()
    return Refresh(
        prepare=(File(layout.front_pending, START if moves else RELOAD), *_written(front, layout, new, moves=moves)),
        switch=(*act, *stale, File(layout.front_record, encode_front(_record(front, wanted))), done),
        revert=(*_undo(changed, on_disk), *wanted.certificates.back, *back, done),
    )


def _moves(front: Front, layout: Layout, facts: Facts, wanted: Address) -> bool:
    """Whether it takes another process: a port for HTTPS is bound by the one that runs, if it may."""
    now = facts.address
    if not runs(facts) or facts.pending == START or now is None:
        return True
    if (wanted.bind, wanted.port, front.name) != (now.bind, now.port, facts.front):
        return True
    return front.service(layout, wanted) != front.service(layout, now)


def _record(front: Front, wanted: Served) -> FrontRecord:
    address = wanted.address
    return FrontRecord(
        bind=address.bind,
        port=address.port,
        apps=tuple(site.app for site in wanted.sites),
        kind=front.name,
        tls_port=address.tls_port,
        outside=front.outside,
        shared=address.shared,
    )


def _written(front: Front, layout: Layout, new: tuple[Step, ...], *, moves: bool) -> tuple[Step, ...]:
    """The files that change, checked; the folders, which a front that starts needs too."""
    if new:
        return (*front.folders(layout), *new, front.check(layout))
    return front.folders(layout) if moves else ()


def _act(
    fronts: Fronts, supervisor: Supervisor, layout: Layout, facts: Facts, wanted: Served, *, moves: bool
) -> tuple[Step, ...]:
    """A port is let go of before another front takes it."""
    front, address = fronts.wanted, wanted.address
    if not moves:
        return front.join() if front.outside else supervisor.reload_front(layout)
    if front.outside:
        begun = (*(() if fronts.present.outside else supervisor.stop_front(layout)), *front.join())
    else:
        start = supervisor.start_front(layout, front.service(layout, address), address, facts.account)
        begun = (*fronts.present.leave(), *start)
    return (*begun, Answer(address.bind, address.port, ANSWER_TIME, "wait for the front"))


def _back(fronts: Fronts, supervisor: Supervisor, layout: Layout, facts: Facts, *, moves: bool) -> tuple[Step, ...]:
    """Have a front that ran go by its old config again, where it was; one of the machine's runs in any case.

    Where one of the machine's was to take its place it may not have been stopped yet, and then nobody notices.
    """
    front, let_go = fronts.present, fronts.wanted.join()
    if front.outside:
        return let_go or (*supervisor.stop_front(layout), *front.join())
    if not runs(facts):
        return let_go
    if moves and facts.address:
        service, again = front.service(layout, facts.address), not let_go
        return (*let_go, *supervisor.start_front(layout, service, facts.address, facts.account, again=again))
    return supervisor.reload_front(layout)


def _undo(changed: tuple[File, ...], on_disk: Mapping[Path, str]) -> tuple[Step, ...]:
    return (
        *(File(path, text) for path, text in on_disk.items()),
        *(Remove(file.path) for file in changed if file.path not in on_disk),
    )
