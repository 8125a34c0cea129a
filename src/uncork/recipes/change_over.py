"""How one instance takes over from another: started beside it, proven, warmed, switched to, and the other drained."""

from dataclasses import dataclass

from uncork.layout import Layout
from uncork.model import Account, AppFacts, Instance, Release
from uncork.plan import Drain, File, Link, Plan, Probe, Remove, Step, Warm, Watched
from uncork.recipes.front import Refresh
from uncork.serving import Site
from uncork.supervisors.supervisor import Supervisor

READY = "/_uncork/ready"
# Stopping the old release at the moment of the switch lost 49 requests: nginx had connected before it.
LEAST_DRAIN = 1.0
# A front that has just read another config still answers kept-alive connections by its old one: nginx for 5 seconds.
LEAST_CROSSING = 6.0


@dataclass(frozen=True)
class Running:
    """One run of a release: the release, and the instance of it."""

    release: Release
    instance: Instance


def live_of(app: AppFacts, new: Release) -> Running | None:
    """Return what takes the traffic of an app; if its record can't be read, it is drained as `new` would be."""
    return Running(app.live_release or new, app.live) if app.live else None


def boot(new: Running, layout: Layout, supervisor: Supervisor, account: Account | None) -> Plan:
    """Return the plan that starts `new` beside whatever serves, and has it prove itself; if it can't, it is gone."""
    return Plan(
        prepare=(
            *supervisor.start(layout, new.instance, new.release.service, account),
            *prove(new, layout, supervisor),
        ),
        revert=supervisor.stop(layout, new.instance, 0.0),  # no visitor was sent there yet
    )


def change_over(
    new: Running, live: Running | None, layout: Layout, supervisor: Supervisor, front: Refresh, *, stopped: bool = False
) -> Plan:
    """Return the plan after which `new`, which is up, takes all traffic, and `live` has answered whom it had and ended.

    If any step fails, `live` takes the traffic as before; `new` is left to who started it. A rollback is the same with
    the releases the other way round; a restart is the same with two instances of one release. `stopped` says that the
    app is not meant to run, so that nothing of `live` does; from the switch on it is.
    """
    mark = layout.app(new.instance.app).stopped
    running = None if stopped else live
    crossing = live if live and live.release.service.speaks is not new.release.service.speaks else None
    least = LEAST_CROSSING if crossing else LEAST_DRAIN
    return Plan(
        prepare=(enter(layout, new.release), *front.prepare),
        switch=(
            *((_stay(layout, crossing),) if crossing else ()),
            *point(layout, new.instance, "switch"),
            *_comes_back(layout, supervisor, new, in_place_of=live),
            *((Remove(mark),) if stopped else ()),
            *front.switch,
        ),
        revert=(
            *((File(mark, ""),) if stopped else ()),
            *_point_back(live, layout, new.instance.app),
            *_comes_back(layout, supervisor, running, in_place_of=new),
            *((enter(layout, crossing.release),) if crossing else ()),
            *front.revert,
        ),
        cleanup=(
            *(retire(running.instance, running.release.drain, layout, supervisor, least) if running else ()),
            *supervisor.settle(),
        ),
    )


def enter(layout: Layout, release: Release) -> Link:
    """Return the step that makes the way by which a front gets to the live instance, while that is of the release."""
    app = layout.app(release.app)
    return Link(app.entrance(release.service.speaks), app.current_socket.name)


def _comes_back(
    layout: Layout, supervisor: Supervisor, one: Running | None, *, in_place_of: Running | None
) -> tuple[Step, ...]:
    """Return the steps after which one run comes back with the machine, and the other does not."""
    return (
        *(supervisor.keep(layout, one.instance) if one else ()),
        *(supervisor.forget(layout, in_place_of.instance) if in_place_of else ()),
    )


def _stay(layout: Layout, old: Running) -> Link:
    """The new instance speaks something else: what of the front has not read its new config yet stays with the old."""
    app = layout.app(old.instance.app)
    return Link(app.entrance(old.release.service.speaks), _beside(layout, old.instance))


def retire(
    old: Instance, most: float, layout: Layout, supervisor: Supervisor, least: float = LEAST_DRAIN
) -> tuple[Step, ...]:
    """Return the steps that let an instance answer whom it has, for `least` to `most` seconds, and end it.

    It must take no new traffic any more, and says so to whoever asks whether it is ready.
    """
    mark = File(layout.app(old.app).draining(old), "")
    drain = Drain(layout.app(old.app).socket(old), least, most, "drain the server")
    return (mark, drain, *supervisor.stop(layout, old, most))


def point(layout: Layout, instance: Instance, why: str) -> tuple[Step, ...]:
    """Return the steps that make an instance the live one. The socket first: it is what visitors notice."""
    app = layout.app(instance.app)
    release = app.release(instance.release).relative_to(app.root)
    return (Link(app.current_socket, _beside(layout, instance), why), Link(app.live, str(release)))


def _beside(layout: Layout, instance: Instance) -> str:
    """Return the instance's socket as a link beside `current_socket` has to name it."""
    app = layout.app(instance.app)
    socket = app.socket(instance)
    return str(socket.relative_to(app.entrances) if socket.is_relative_to(app.entrances) else socket)


def _point_back(live: Running | None, layout: Layout, name: str) -> tuple[Step, ...]:
    if live:
        return point(layout, live.instance, "switch back")
    app = layout.app(name)
    return (Remove(app.current_socket), Remove(app.live))


def prove(new: Running, layout: Layout, supervisor: Supervisor) -> tuple[Step, ...]:
    """Return the steps that ask an instance until it is up and well, and each of its workers has answered."""
    release = new.release
    health = release.health or release.site.mount
    ready = release.site.mount.rstrip("/") + READY
    watched = supervisor.watched(layout, new.instance)
    check = _probe(new, layout, watched, health, "check its health")
    stats = layout.app(release.app).stats(new.instance)
    return (
        _probe(new, layout, watched, ready, "boot it"),
        check,
        Warm(check, release.server, stats, release.processes, release.boot_deadline, "warm it up"),
    )


def _probe(new: Running, layout: Layout, watched: Watched, path: str, why: str) -> Probe:
    app = layout.app(new.release.app)
    return Probe(
        socket=app.socket(new.instance),
        path=path,
        speaks=new.release.service.speaks,
        deadline=new.release.boot_deadline,
        why=why,
        host=_host(new.release.site),
        watched=watched,
        log=app.server_log,
        app_log=app.app_log,
        early_log=layout.starts_log,
    )


def _host(site: Site) -> str:
    """A host that the app would be asked for: one may refuse those it does not know."""
    return next((domain for domain in site.domains if not domain.startswith("*")), "localhost")
