"""Share an app's requests out among machines, and leave out those that are changing."""

import os
from dataclasses import dataclass

import msgspec

from uncork.apply import apply
from uncork.errors import UsageError
from uncork.fronts import balancer
from uncork.fronts.balancer import Balanced
from uncork.fronts.host import Host
from uncork.layout import Layout
from uncork.machine import files, host, sockets
from uncork.plan import File, Plan, Remove
from uncork.report import Reporter
from uncork.workflows import balancer_https, balancers, https, issuing
from uncork.workflows.apps import named
from uncork.workflows.audit import audited
from uncork.workflows.work import FRONT_WAIT


class Order(msgspec.Struct, frozen=True):
    """What is wanted of the balancer of an app. Without `balanced` its site stays, or is taken away (`remove`).

    `out` are the names of the hosts that are to get no requests; None leaves that as it is. `certificate` is the
    project's own, with its key (PEM), empty where it has none. `certify`: a CA is to give one that is due, no more.
    """

    app: str
    balanced: Balanced | None = None
    out: tuple[str, ...] | None = None
    remove: bool = False
    certificate: str = ""
    certify: bool = False


@dataclass(frozen=True)
class Told:
    """What a balancer tells: its hosts (name, address) and the names of those that were out, as it was before.

    `sources` are the addresses by which it comes to hosts. `due`: a CA should be asked for a certificate. `notes` are
    what is worth telling of its certificate.
    """

    hosts: tuple[tuple[str, str], ...]
    out: tuple[str, ...]
    sources: tuple[str, ...] = ()
    due: bool = False
    notes: tuple[str, ...] = ()


def balance(layout: Layout, said: bytes, report: Reporter) -> Told:
    """Do what an order (JSON) says, and tell how it was before.

    Raises UsageError where the machine's nginx can't have it; then all is as before.
    """
    order = _order(said)
    named(order.app)
    if os.geteuid() != 0:
        raise UsageError("only root may change the sites of nginx", "run it as root (sudo uncork ...)")
    if order.certify:
        got = issuing.obtain(layout, balancer_https.Holder(layout, order.app, report), report, force=False)
        return Told((), (), notes=(got.note,))
    with files.hold_waiting(layout.lock, FRONT_WAIT):
        known = balancers.balanced(layout, order.app)
        told = Told(known.hosts if known else (), balancers.out(layout, order.app))
        nginx = host.beside(balancer.site_name(order.app)) if order.remove or order.balanced else None
        if nginx and order.remove:
            with audited(layout, order.app, "remove the balancer", report):
                _remove(layout, nginx, order.app, report)
        elif nginx and order.balanced:
            _share(layout, nginx, order.balanced, order.certificate, report)
            _leave_out(layout, order.balanced, told.out if order.out is None else order.out, report)
            return _told(layout, order.balanced, told)
        elif known and order.out is not None:
            _lead(layout, known, order.out, report)
        return told


def _order(said: bytes) -> Order:
    try:
        return msgspec.json.decode(said, type=Order)
    except msgspec.MsgspecError as error:
        fix = "bring both to one version: `uncork server upgrade`"
        raise UsageError(f"this uncork does not understand what is asked of it: {error}", fix) from error


def _told(layout: Layout, balanced: Balanced, before: Told) -> Told:
    """Return what is worth knowing of one that does as it should."""
    return Told(
        before.hosts,
        before.out,
        tuple(sorted({sockets.source(address) for _, address in balanced.hosts} - {""})),
        issuing.is_due(balancer_https.subject(layout, balanced)),
        tuple(f"the balancer: {note}" for note in https.notes(layout, balanced.tls)),
    )


def _share(layout: Layout, nginx: Host, balanced: Balanced, certificate: str, report: Reporter) -> None:
    """Have nginx go by what is wanted, unless it does already."""
    plan = balancers.planned(layout, nginx, balanced, balancer_https.shown(layout, balanced, certificate))
    if plan:
        with audited(layout, balanced.app, "balance", report):
            balancers.carry_out(plan, nginx, report)


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
        balancers.carry_out(Plan((Remove(site), *balancers.reload(nginx))), nginx, report)
    apply(Plan((Remove(layout.balancer(app)),)), None, report)
