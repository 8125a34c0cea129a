"""What runs: every app with its workers, the front, the supervisor, the machine."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from uncork import facts as machine_facts
from uncork.layout import Layout
from uncork.machine import files, moments, sockets
from uncork.machine.workers import found
from uncork.model import AppFacts, Facts, Instance, Program, Worker
from uncork.notices import Certificate, Trouble
from uncork.recipes.address import url
from uncork.recipes.front import sites
from uncork.reporting.hits import Hits, hits
from uncork.servers import SERVERS
from uncork.serving import ACME, Address, Maintenance
from uncork.supervisors.supervisor import AGENT
from uncork.workflows import balancer_https, balancers, https, issuing, journal
from uncork.workflows.apps import shared_out

FRONT: Final = "front"
LOG_READ: Final = 256 * 1024
"""Bytes of an access log that are read: about a thousand requests."""
RUNNING: Final = "running"
STARTING: Final = "starting"
IDLE: Final = "idle"
FAILED: Final = "failed"
MEANT: Final = frozenset({"stopped", "down"})
_STATES: Final = {"RUNNING": RUNNING, "STARTING": STARTING, "STOPPING": "stopping"}


@dataclass(frozen=True)
class CertificateStatus:
    """What a CA has certified for an app by itself: the names, and until when, UTC in ISO 8601; None: nothing yet."""

    names: tuple[str, ...]
    ends: str | None


@dataclass(frozen=True)
class AppStatus:
    """What is so for one app. `started` is UTC in ISO 8601.

    `requests_total` is what its workers have answered, None where the server does not tell. An idle one runs, and has
    no workers until the next request comes.
    `cache` is None where no responses are kept; `maintenance` where visitors are not sent away; `certificate` where no
    CA is asked for one.
    """

    name: str
    release: int | None
    environment: str
    state: str
    url: str
    server: str
    workers: tuple[Worker, ...]
    requests_total: int | None
    started: str | None
    cache: Hits | None = None
    maintenance: Maintenance | None = None
    certificate: CertificateStatus | None = None


@dataclass(frozen=True)
class BalancerStatus:
    """An app whose requests this machine shares out: among which hosts, and which of them get none for now."""

    app: str
    hosts: tuple[str, ...]
    out: tuple[str, ...]
    certificate: CertificateStatus | None = None


@dataclass(frozen=True)
class MachineStatus:
    """What the machine has and does. `load` is the average of the last 1, 5 and 15 minutes."""

    cpus: int
    load: tuple[float, ...]
    memory_bytes: int
    free_disk_bytes: int


@dataclass(frozen=True)
class Status:
    """What runs. `front`, `supervisor` and `agent` are states in the words of an app's; `home` is the state directory.

    `front_kind` is what the front is, as the config names it; empty before the first deploy. `notes` name files that
    could not be read, and deploys that are under way or were cut off; `troubles` are what the agent can't do, and
    certificates that end soon, of the apps that were asked for. `balancers` are of those, too.
    """

    home: str
    apps: tuple[AppStatus, ...]
    front: str
    supervisor: str
    machine: MachineStatus
    agent: str = "down"
    notes: tuple[str, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    front_kind: str = ""
    balancers: tuple[BalancerStatus, ...] = ()

    @property
    def well(self) -> bool:
        """Whether all that should run does; a front with nothing but stopped apps behind it should too."""
        apps = all(app.state in {RUNNING, STARTING, IDLE, *MEANT} for app in self.apps)
        return apps and FAILED not in {self.front, self.supervisor, self.agent}


def status(layout: Layout, app: str | None) -> Status:
    """Return what runs of a state directory, or of one of its apps."""
    facts = machine_facts.read(layout)
    facts = replace(facts, troubles=(*facts.troubles, *https.troubles(layout, facts), *balancer_https.troubles(layout)))
    facts = replace(facts, notes=(*facts.notes, *journal.cut_off(layout, app), *balancers.left_out(layout)))
    found = told(facts, layout, app, os.getloadavg(), sockets.read_stats)
    kept = tuple(replace(one, cache=_cache(layout, facts, one.name)) for one in found.apps)
    return replace(found, apps=kept, balancers=tuple(_balancers(layout, app)))


def _balancers(layout: Layout, app: str | None) -> Iterator[BalancerStatus]:
    for name in shared_out(layout):
        if app in {None, name}:
            balanced = balancers.balanced(layout, name)
            hosts = tuple(host for host, _ in balanced.hosts) if balanced else ()
            asks = balanced is not None and balanced.tls.kind == ACME
            certificate = _certified(issuing.known(layout.balancer_tls(name))) if asks else None
            yield BalancerStatus(name, hosts, balancers.out(layout, name), certificate)


def _cache(layout: Layout, facts: Facts, app: str) -> Hits | None:
    release = facts.app(app).live_release
    if not release or not release.site.keeps:
        return None
    return hits(files.tail(layout.app(app).access_log, 0, LOG_READ).splitlines())


def told(
    facts: Facts, layout: Layout, app: str | None, load: tuple[float, ...], stats: Callable[[Path], str]
) -> Status:
    """Return what the facts come to; `stats` gives what a server tells on its stats socket."""
    chosen = [found for found in facts.apps if app in {None, found.name} and found.live]
    machine = facts.machine
    return Status(
        home=str(layout.home),
        apps=tuple(_app(layout, facts, found, stats) for found in chosen),
        front=_companion(facts, FRONT),
        supervisor=_meant(facts, RUNNING if facts.supervising else FAILED),
        machine=MachineStatus(machine.cpus, load, machine.memory_bytes, machine.free_bytes),
        agent=_companion(facts, AGENT),
        notes=facts.notes,
        troubles=tuple(trouble for trouble in facts.troubles if app in {None, trouble.app} or not trouble.app),
        front_kind=facts.front,
    )


def _app(layout: Layout, facts: Facts, app: AppFacts, stats: Callable[[Path], str]) -> AppStatus:
    program = _program(app)
    up = program if program and program.running else None
    workers, idle = _workers(layout, app, stats) if up else ((), False)
    told = AppStatus(
        name=app.name,
        release=None,
        environment="",
        state=IDLE if idle and not app.stopped else _state(facts, app, program, answers=bool(workers)),
        url="",
        server="",
        workers=workers,
        requests_total=_answered(app, workers),
        started=moments.at(up.started) if up and up.started else None,
        maintenance=app.maintenance,
        certificate=_certificate(app),
    )
    release = app.live_release
    if not release:
        return told
    where = url(release.site, sites(facts), facts.address or Address(), elsewhere=facts.set_up)
    return replace(told, release=release.id, environment=release.environment, url=where, server=release.server)


def _certificate(app: AppFacts) -> CertificateStatus | None:
    if not app.live_release or app.live_release.site.tls.kind != ACME:
        return None
    return _certified(app.certificate)


def _certified(known: Certificate) -> CertificateStatus:
    return CertificateStatus(known.names, moments.at(known.ends) if known.names else None)


def _workers(layout: Layout, app: AppFacts, stats: Callable[[Path], str]) -> tuple[tuple[Worker, ...], bool]:
    """Return the workers of the live release, and whether it has none until it is asked for something."""
    release = app.live_release
    if not app.live or not release or release.server not in SERVERS:
        return (), False
    server, said = SERVERS[release.server], stats(layout.app(app.name).stats(app.live))
    seen = found(server, layout.app(app.name), app.live, said)
    return seen, server.is_idle(said)


def _answered(app: AppFacts, workers: tuple[Worker, ...]) -> int | None:
    release = app.live_release
    tells = release is not None and release.server in SERVERS and SERVERS[release.server].tells
    return sum(worker.requests for worker in workers) if tells else None


def _program(app: AppFacts) -> Program | None:
    """Return the live instance's program."""
    return next((p for p in app.programs if app.live and Instance.parse(p.name) == app.live), None)


def _state(facts: Facts, app: AppFacts, program: Program | None, *, answers: bool) -> str:
    if app.stopped:
        return "stopped"
    state = _STATES.get(program.state, FAILED) if program else FAILED
    # For its first second a program is starting to the supervisor, whatever it does by then.
    return RUNNING if state == STARTING and answers else _meant(facts, state)


def _companion(facts: Facts, name: str) -> str:
    """Return the state of what serves all apps: the front, or the agent."""
    program = next((p for p in facts.programs if p.name == name), None)
    return RUNNING if program and program.running else _meant(facts, FAILED)


def _meant(facts: Facts, state: str) -> str:
    """Return the state, or `down` where it is meant that nothing runs."""
    if state == FAILED and (facts.down or not any(app.live for app in facts.apps)):
        return "down"
    return state
