"""The balancers that a machine is: what it knows of each, and how its nginx comes to go by that."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import msgspec

from uncork.apply import apply
from uncork.errors import StepFailedError, UsageError, UserError
from uncork.fronts import balancer
from uncork.fronts.balancer import Balanced
from uncork.fronts.host import Host
from uncork.fronts.system_nginx import EVERYWHERE
from uncork.layout import Layout
from uncork.machine import files, processes, sockets
from uncork.plan import Certify, Directory, File, Plan, Reload, Remove, Run, Step
from uncork.report import Reporter
from uncork.workflows import issuing
from uncork.workflows.apps import shared_out
from uncork.workflows.front import is_of

RELOAD_TIME: Final = 10.0
KNOWN: Final = "known.json"
PENDING: Final = "pending"
"""There while nginx may not go by its config yet."""


@dataclass(frozen=True)
class Shown:
    """What comes with a certificate: the files, those that put back what was there, what is written once it is shown.

    `names` are those that a CA has certified by ACME, None where they are as they were. `read`: nginx has to read its
    config again, whatever is in that.
    """

    new: tuple[File | Certify, ...] = ()
    back: tuple[Step, ...] = ()
    after: tuple[File, ...] = ()
    names: tuple[str, ...] | None = None
    read: bool = False


def balanced(layout: Layout, app: str) -> Balanced | None:
    """Return all that a balancer was told by the last deploy; None where there is none, or what can't be read."""
    try:
        return msgspec.json.decode(_text(layout.balancer(app) / KNOWN) or "null", type=Balanced | None)
    except msgspec.MsgspecError:
        return None


def out(layout: Layout, app: str) -> tuple[str, ...]:
    """Return the names of the hosts that are out."""
    found = [path for path in files.names_in(layout.balancer(app)) if path.name.startswith("out-")]
    return tuple(name for path in found for name in files.read(path).splitlines())


def left_out(layout: Layout) -> tuple[str, ...]:
    """Return what is worth telling of hosts that get no requests from this machine."""
    return tuple(
        f"the balancer of {app} sends nothing to {name} until a deploy to it is done"
        for app in shared_out(layout)
        for name in out(layout, app)
    )


def planned(layout: Layout, nginx: Host, wanted: Balanced, shown: Shown) -> Plan | None:
    """Return what it takes that nginx goes by what is wanted; None where it does already.

    Raises UsageError where the machine's nginx can't have it beside what it has.
    """
    kept = layout.balancer_tls(wanted.app)
    certified = issuing.known(kept).names if shown.names is None else shown.names
    answered = replace(wanted, tls=replace(wanted.tls, names=certified))
    folder = layout.balancer(wanted.app)
    site = balancer.config(layout, nginx, answered)
    record = File(folder / KNOWN, msgspec.json.encode(wanted).decode())
    changed = {file: was for file in (record, site) if (was := _text(file.path)) != file.content}
    folders = (Directory(folder), *((Directory(kept.folder, 0o750),) if wanted.tls.asked else ()))
    pending = folder / PENDING
    behind = pending.exists()
    if not (site in changed or shown.read or behind):
        steps = (*changed, *shown.new, *shown.after)
        return Plan((*folders, *steps)) if steps else None
    _ports_are_free(nginx, answered, had=balancer.ports(nginx, _text(site.path)))
    check = Run((nginx.binary, "-t", "-q"), "check the nginx config")
    back = (replace(file, content=was) if was else Remove(file.path) for file, was in changed.items())
    return Plan(
        (*folders, File(pending, ""), *shown.new, *changed, check),
        (*reload(nginx), *shown.after),
        revert=(*back, *shown.back, *(() if behind else (Remove(pending),))),
        cleanup=(Remove(pending),),
    )


def carry_out(plan: Plan, nginx: Host, report: Reporter) -> None:
    """Carry out what was planned: nginx's workers may read a certificate. Raises UserError, where all is as before."""
    try:
        apply(plan, processes.named(nginx.user) if processes.account() else None, report)
    except StepFailedError as error:
        fix = "see what it says; nothing was changed"
        raise UserError(f"the balancer: could not {error.why}: {error.reason}", fix, error.output) from error


def reload(nginx: Host) -> tuple[Step, ...]:
    """Return what has nginx read its config again, if it runs."""
    step = Reload(Path(nginx.pid_file), RELOAD_TIME, "reload the system's nginx", outside=True)
    return (step,) if nginx.runs else ()


def _text(path: Path) -> str:
    return files.read(path) if path.exists() else ""


def _ports_are_free(nginx: Host, balanced: Balanced, had: frozenset[int]) -> None:
    """Raise UsageError where nginx, if it runs, would have to listen where somebody else does."""
    for port in {balanced.port, balanced.tls_port} - {0} - had:
        holder = sockets.port_holder(EVERYWHERE, port) if nginx.runs else None
        if holder and not is_of(nginx.pid_file, holder):
            raise UsageError(
                f"port {port} of the balancer's machine is taken by {holder}",
                "end that, or write another `port` for the balancer, or under [tls]",
            )
