"""Sets a machine up for serving: looks at it, decides, and makes the changes one by one, each recorded there first."""

from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Final

from uncork.errors import UsageError
from uncork.machine import moments
from uncork.plan import Directory, File, Link, Run
from uncork.recipes.platform import Platform
from uncork.recipes.setup.change import Bundle as Sending
from uncork.recipes.setup.change import Change, MachineStep, Packages
from uncork.recipes.setup.fit import fitting
from uncork.recipes.setup.record import PLACE, Entry, Machine, Undo, encode
from uncork.recipes.setup.seen import Seen
from uncork.recipes.setup.versions import newer
from uncork.recipes.setup.wanted import SETTINGS, changes
from uncork.remote import hands
from uncork.remote.audit import audited
from uncork.remote.bundle import Bundle, bundled, digest
from uncork.remote.look import look
from uncork.remote.progress import metered, step
from uncork.remote.ssh import Connection
from uncork.remote.transfer import items, send
from uncork.report import Reporter

KEPT: Final = 200
COMPILE_TIME: Final = 300.0
ROOTS: Final = 0o600
OWN: Final = version("uncork")
REPLACE: Final = 'rm -rf "$2" && mv -T "$1" "$2"'


@dataclass(frozen=True)
class Planned:
    """A machine that was looked at, and what is to be changed; `platform` and `digest` say which uncork it gets."""

    seen: Seen
    machine: Machine
    platform: Platform
    digest: str
    changes: tuple[Change, ...]


def planned(connection: Connection, *, upgrade: bool = False) -> Planned:
    """Return what setting a machine up would change. Nothing has been changed.

    Raises UsageError where it can't be set up, and for one that has a newer uncork, unless that is to become ours
    (`upgrade`).
    """
    seen, machine = look(connection)
    platform = fitting(seen, connection.host, known=machine is not None)
    if machine and not upgrade and newer(machine.uncork, OWN):
        raise UsageError(
            f"{connection.host} has uncork {machine.uncork}, and this is the older {OWN}",
            f"upgrade uncork here; or bring the machine to {OWN}: `uncork server upgrade {connection.host}`",
        )
    name = digest(platform)
    found = changes(seen, name, OWN)
    known = machine or Machine("", "", platform.python, platform.executable, platform.machine, platform.libc)
    return Planned(seen, known, platform, name, found)


class Bundles:
    """What machines are sent, each kind put together once, and gone when all have it."""

    def __init__(self) -> None:
        self._made: dict[Platform, Bundle] = {}
        self._folders = ExitStack()

    def __enter__(self) -> "Bundles":  # noqa: PYI034 -- there is one kind of them
        """Begin without any."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove them."""
        self._folders.close()

    def of(self, platform: Platform, report: Reporter) -> Bundle:
        """Return the one for such a machine. Raises UserError where what it needs can't be had."""
        if platform not in self._made:
            with step(report, f"put uncork {OWN} together for Python {platform.minor} on {platform.machine}"):
                self._made[platform] = self._folders.enter_context(bundled(platform))
        return self._made[platform]


def set_up(connection: Connection, plan: Planned, bundles: Bundles, report: Reporter, verb: str) -> Machine:
    """Make the changes of a plan, and return the record of the machine; `verb` is what the audit calls it.

    What can't be had is told before anything is changed. Each change is written down before it is made, so that one
    that was cut short can be taken back, or finished by setting up again. Raises UserError.
    """
    if any(isinstance(one, Sending) for change in plan.changes for one in change.steps):
        plan = _made_out(plan, bundles.of(plan.platform, report))
    making = _Making(connection, plan, bundles, report)
    if plan.changes:
        with audited(connection, verb):
            for change in plan.changes:
                with step(report, change.what):
                    making.make(change)
    making.finish()
    return making.machine


def _made_out(plan: Planned, built: Bundle) -> Planned:
    """Whoever works on uncork itself may have changed it since the machine was looked at."""
    same = built.digest == plan.digest
    return plan if same else replace(plan, digest=built.digest, changes=changes(plan.seen, built.digest, OWN))


class _Making:
    """A machine that is being changed, and its record."""

    def __init__(self, connection: Connection, plan: Planned, bundles: Bundles, report: Reporter) -> None:
        self.machine = plan.machine
        self._connection = connection
        self._plan = plan
        self._bundles = bundles
        self._report = report
        if str(SETTINGS) not in plan.seen.paths:
            hands.carry_out(connection, Directory(SETTINGS))

    def make(self, change: Change) -> None:
        """Make one change."""
        self._undo(change.undo)
        for one in change.steps:
            self._carry_out(one, change.what)
        entry = Entry(change.name, change.what, moments.now(), self._connection.by)
        self._record(replace(self.machine, changes=(*self.machine.changes, entry)[-KEPT:]))

    def finish(self) -> None:
        """Write down which uncork it is that the machine has now."""
        at = self._plan.platform
        self._record(
            replace(
                self.machine,
                uncork=OWN,
                bundle=self._plan.digest,
                python=at.python,
                executable=at.executable,
                machine=at.machine,
                libc=at.libc,
            )
        )

    def _undo(self, undo: Undo) -> None:
        self._record(replace(self.machine, undo=self.machine.undo | undo))

    def _record(self, machine: Machine) -> None:
        if machine != self.machine:
            step = File(Path(PLACE), encode(machine), mode=ROOTS, why="write down what was done")
            hands.carry_out(self._connection, step)
        self.machine = machine

    def _carry_out(self, one: MachineStep, what: str) -> None:
        match one:
            case Packages():
                self._undo(Undo(packages=hands.packages(self._connection, one.names)))
                hands.install(self._connection, one.names)
            case Sending():
                self._send(one, what)
            case _:
                hands.carry_out(self._connection, one)

    def _send(self, sending: Sending, what: str) -> None:
        """Under its own name it is whole: it is filled beside, with its bytecode."""
        python = self._plan.platform.executable
        built = self._bundles.of(self._plan.platform, self._report)
        new = built.home.with_suffix(".new")
        files, so_far = items(built.folder, built.names), metered(self._report, what)
        sent = send(self._connection, files, str(new), sending.known, python, so_far=so_far)
        if sent.files:
            self._report.note(f"sent {sent.size / 1e6:.1f} MB in {sent.files} files")
        for name, points_to in built.links:
            hands.carry_out(self._connection, Link(new / name, points_to))
        compile_all = (str(new / "bin" / "python"), "-I", "-m", "compileall", "-q", "-j", "0")
        places = ("-s", str(new), "-p", str(built.home), str(new / "lib"))
        hands.carry_out(self._connection, Run((*compile_all, *places), "compile uncork", COMPILE_TIME))
        hands.carry_out(
            self._connection, Run(("sh", "-c", REPLACE, "sh", str(new), str(built.home)), "put it in place")
        )
