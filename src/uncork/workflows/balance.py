"""Share an app's requests out among machines, and leave out those that are changing."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from uncork.apply import apply
from uncork.errors import StepFailedError, UsageError, UserError
from uncork.fronts import balancer
from uncork.fronts.balancer import Balanced
from uncork.fronts.host import Host
from uncork.layout import Layout
from uncork.machine import files, host, sockets
from uncork.plan import Directory, File, Plan, Reload, Remove, Run, Step
from uncork.report import Reporter
from uncork.workflows.apps import named
from uncork.workflows.audit import audited
from uncork.workflows.work import FRONT_WAIT

RELOAD_TIME: Final = 10.0
KNOWN: Final = "known.json"


class Order(msgspec.Struct, frozen=True):
    """What is wanted of the balancer of an app. Without `balanced` its site stays, or is taken away (`remove`).

    `out` are the names of the hosts that are to get no requests; None leaves that as it is.
    """

    app: str
    balanced: Balanced | None = None
    out: tuple[str, ...] | None = None
    remove: bool = False


class Known(msgspec.Struct, frozen=True):
    """What the site of a balancer was written for: the hosts, and the sets of them that can be out."""

    hosts: tuple[tuple[str, str], ...] = ()
    outs: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True)
class Told:
    """What a balancer tells: its hosts (name, address) and the names of those that were out, as it was before.

    `sources` are the addresses by which it comes to hosts.
    """

    hosts: tuple[tuple[str, str], ...]
    out: tuple[str, ...]
    sources: tuple[str, ...] = ()


def balance(layout: Layout, said: bytes, report: Reporter) -> Told:
    """Do what an order (JSON) says, and tell how it was before.

    Raises UsageError where the machine's nginx can't have it; then all is as before.
    """
    order = _order(said)
    named(order.app)
    if os.geteuid() != 0:
        raise UsageError("only root may change the sites of nginx", "run it as root (sudo uncork ...)")
    with files.hold_waiting(layout.lock, FRONT_WAIT):
        known, before = _known(layout, order.app), _out(layout, order.app)
        nginx = host.beside(balancer.site_name(order.app)) if order.remove or order.balanced else None
        if nginx and order.remove:
            with audited(layout, order.app, "remove the balancer", report):
                _remove(layout, nginx, order.app, report)
        elif nginx and order.balanced:
            _share(layout, nginx, order.balanced, report)
            _leave_out(layout, order.balanced, before if order.out is None else order.out, report)
        elif known.hosts and order.out is not None:
            _lead(layout, Balanced(order.app, 0, (), known.hosts, known.outs), order.out, report)
        addresses = (address for _, address in order.balanced.hosts) if order.balanced else ()
        return Told(known.hosts, before, tuple(sorted({sockets.source(address) for address in addresses} - {""})))


def left_out(layout: Layout) -> tuple[str, ...]:
    """Return what is worth telling of hosts that get no requests from this machine."""
    apps = (path.name for path in files.names_in(layout.balancers))
    return tuple(
        f"the balancer of {app} sends nothing to {name} until a deploy to it is done"
        for app in apps
        for name in _out(layout, app)
    )


def _order(said: bytes) -> Order:
    try:
        return msgspec.json.decode(said, type=Order)
    except msgspec.MsgspecError as error:
        fix = "bring both to one version: `uncork server upgrade`"
        raise UsageError(f"this uncork does not understand what is asked of it: {error}", fix) from error


def _known(layout: Layout, app: str) -> Known:
    path = layout.balancer(app) / KNOWN
    try:
        return msgspec.json.decode(files.read(path), type=Known) if path.exists() else Known()
    except msgspec.MsgspecError:
        return Known()


def _out(layout: Layout, app: str) -> tuple[str, ...]:
    """Return the names of the hosts that are out."""
    found = [path for path in files.names_in(layout.balancer(app)) if path.name.startswith("out-")]
    return tuple(name for path in found for name in files.read(path).splitlines())


def _share(layout: Layout, nginx: Host, balanced: Balanced, report: Reporter) -> None:
    """Have nginx go by what is wanted, unless it does already."""
    wanted = balancer.config(layout, nginx, balanced)
    before = files.read(wanted.path) if wanted.path.exists() else None
    if before == wanted.content:
        return
    back: Step = Remove(wanted.path) if before is None else File(wanted.path, before)
    folder = layout.balancer(balanced.app)
    known = File(folder / KNOWN, msgspec.json.encode(Known(balanced.hosts, balanced.outs)).decode())
    steps = (Directory(folder), known, wanted, _check(nginx))
    with audited(layout, balanced.app, "balance", report):
        _carry_out(Plan(steps, _reload(nginx), revert=(back,)), report)


def _lead(layout: Layout, balanced: Balanced, names: tuple[str, ...], report: Reporter) -> None:
    """Leave out hosts of these names, if nginx knows how: it is not to reload, so else those stay out that are."""
    if not names or balanced.without(frozenset(names)).out:
        _leave_out(layout, balanced, names, report)


def _leave_out(layout: Layout, balanced: Balanced, names: tuple[str, ...], report: Reporter) -> None:
    """Send no more requests to hosts of these names, and some to all others. The file that comes goes before others."""
    group = balanced.without(frozenset(names))
    folder = layout.balancer(balanced.app)
    out = "".join(f"{balanced.hosts[number][0]}\n" for number in group.out)
    there = (File(folder / group.file, out),) if out else ()
    gone = (path for path in files.names_in(folder) if path.name.startswith("out-") and path.name != group.file)
    others = tuple(Remove(path) for path in (*gone, *(() if group.out else (folder / group.file,))))
    apply(Plan((*there, *others)), None, report)


def _remove(layout: Layout, nginx: Host, app: str, report: Reporter) -> None:
    site = balancer.site(nginx, app)
    if site.exists():
        _carry_out(Plan((Remove(site), *_reload(nginx))), report)
    apply(Plan((Remove(layout.balancer(app)),)), None, report)


def _check(nginx: Host) -> Run:
    return Run((nginx.binary, "-t", "-q"), "check the nginx config")


def _reload(nginx: Host) -> tuple[Step, ...]:
    reload = Reload(Path(nginx.pid_file), RELOAD_TIME, "reload the system's nginx", outside=True)
    return (reload,) if nginx.runs else ()


def _carry_out(plan: Plan, report: Reporter) -> None:
    try:
        apply(plan, None, report)
    except StepFailedError as error:
        fix = "see what it says; nothing was changed"
        raise UserError(f"the balancer: could not {error.why}: {error.reason}", fix, error.output) from error
