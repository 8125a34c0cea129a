"""What is so on this machine, read once, changing nothing: a broken file is a note, never a failure."""

import errno
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from uncork.app_layout import AppLayout
from uncork.errors import UserError
from uncork.layout import Layout
from uncork.machine import capacity, files, leftovers, processes, supervisord, systemd
from uncork.machine.failure import plain
from uncork.model import AppFacts, Facts, Instance, Program, Release
from uncork.notices import Certificate, Trouble
from uncork.recipes.sizing import scaled
from uncork.records import (
    Event,
    FrontRecord,
    decode,
    decode_agent,
    decode_certificate,
    decode_event,
    decode_front,
    decode_maintenance,
)
from uncork.serving import Address, Maintenance
from uncork.supervisors.supervisor import AGENT

HISTORY_READ: Final = 64 * 1024
STATE_READ: Final = 1024 * 1024


@dataclass
class _Notes:
    """What could not be read, told with the file's name."""

    said: list[str] = field(default_factory=list)

    def broken(self, path: Path, error: UserError) -> None:
        """Note a file that is passed over."""
        self.said.append(f"{path} is passed over: {error.problem}")


def read(layout: Layout) -> Facts:
    """Return what is so. Raises UserError only where a folder of the state directory can't be read at all."""
    notes = _Notes()
    front = _front(layout, notes)
    running = systemd.programs() if layout.machine else supervisord.programs(layout.supervisor_socket)
    apps = tuple(_app(layout.app(name), running or (), notes) for name in _names(layout))
    return Facts(
        machine=capacity.machine(layout.home),
        account=processes.account(),
        address=Address(front.bind, front.port, front.tls_port, front.shared) if front else None,
        front=front.kind if front else "",
        apps=_in_order(apps, front.apps if front else ()),
        supervising=running is not None,
        programs=(*(running or ()), *_outside(front)),
        # systemd leaves no process behind, whatever becomes of itself.
        leftovers=() if layout.machine else leftovers.find(layout),
        down=layout.down.exists(),
        pending=files.tail(layout.front_pending, 0, 16),
        notes=tuple(notes.said),
        troubles=_troubles(layout, running or ()),
        set_up=layout.machine,
    )


def _troubles(layout: Layout, running: Sequence[Program]) -> tuple[Trouble, ...]:
    """Return what the agent says that it can't do; one that does not run says nothing of now."""
    if not any(program.name == AGENT and program.running for program in running):
        return ()
    try:
        return decode_agent(files.tail(layout.agent_state, 0, STATE_READ)).troubles
    except UserError:  # none was written yet, or it is just being written over
        return ()


def events(layout: AppLayout) -> tuple[Event, ...]:
    """Return the latest part of an app's history, oldest first; a line that a crash cut short is passed over."""
    length = files.size(layout.history)
    lines = files.tail(layout.history, 0, HISTORY_READ).splitlines()
    whole = lines[1:] if length > HISTORY_READ else lines
    return tuple(event for line in whole if (event := _event(line)))


def _event(line: str) -> Event | None:
    try:
        return decode_event(line)
    except UserError:
        return None


def _front(layout: Layout, notes: _Notes) -> FrontRecord | None:
    if not layout.front_record.exists():
        return None
    try:
        return decode_front(files.read(layout.front_record))
    except UserError as error:
        notes.broken(layout.front_record, error)
        return None


def _outside(front: FrontRecord | None) -> tuple[Program, ...]:
    """Return a front that the machine runs, if it has our sites, as what it would be if a supervisor ran it."""
    if not front or not front.outside or not all(Path(path).exists() for path in front.outside.files):
        return ()
    pid = processes.running_in(Path(front.outside.pid_file))
    return (Program("front", "RUNNING", pid),) if pid else ()


def front_kind(layout: Layout) -> str:
    """Return the kind of front that there is; empty before the first deploy."""
    front = _front(layout, _Notes())
    return front.kind if front else ""


def _names(layout: Layout) -> tuple[str, ...]:
    return tuple(path.name for path in files.names_in(layout.apps) if path.is_dir())


def _app(layout: AppLayout, running: Sequence[Program], notes: _Notes) -> AppFacts:
    folders = sorted(int(path.name) for path in files.names_in(layout.releases) if path.name.isdecimal())
    scale = scale_of(layout)
    releases = tuple(scaled(release, scale) for number in folders if (release := _release(layout, number, notes)))
    programs = tuple(p for p in running if (i := Instance.parse(p.name)) and i.app == layout.app)
    past = (event.release for event in events(layout) if event.release)
    linked, mark = connected(layout), marked(layout)
    live = linked or _run_of(mark, layout, programs)
    record = next((release for release in releases if live and release.id == live.release), None)
    return AppFacts(
        name=layout.app,
        live=live,
        pointed=live is None or (linked, mark) == (live, live.release),
        entered=record is None or _enters(layout, record),
        releases=releases,
        programs=programs,
        stopped=layout.stopped.exists(),
        next_release=1 + max((*folders, *past, live.release if live else 0)),
        maintenance=_maintenance(layout, notes),
        certificate=_certificate(layout, notes),
    )


def _certificate(layout: AppLayout, notes: _Notes) -> Certificate:
    """Return what a CA has certified; where that can't be read it is asked again."""
    try:
        return decode_certificate(files.read(layout.tls.record)) if layout.tls.record.exists() else Certificate()
    except UserError as error:
        notes.broken(layout.tls.record, error)
        return Certificate()


def scale_of(layout: AppLayout) -> int | None:
    """Return how many processes an app is to have whatever its releases say; None where nobody said."""
    said = files.tail(layout.scale, 0, 16).strip()
    return int(said) if said.isdecimal() and int(said) else None


def _maintenance(layout: AppLayout, notes: _Notes) -> Maintenance | None:
    """Return what holds while the app is away; where that can't be read it is away all the same."""
    try:
        return decode_maintenance(files.read(layout.maintenance)) if layout.maintenance.exists() else None
    except UserError as error:
        notes.broken(layout.maintenance, error)
        return Maintenance()


def _release(layout: AppLayout, number: int, notes: _Notes) -> Release | None:
    """Return a finished release; one without a record was never finished."""
    path = layout.record(number)
    if not path.exists():
        return None
    try:
        return decode(files.read(path))
    except UserError as error:
        notes.broken(path, error)
        return None


def connected(layout: AppLayout) -> Instance | None:
    """Return what the front connects to; None where sockets are gone, as after a reboot, or the release is."""
    target = _target(layout.current_socket)
    instance = Instance.parse(f"{layout.app}.{target.parent.name}") if target else None
    return instance if instance and layout.release(instance.release).is_dir() else None


def _enters(layout: AppLayout, release: Release) -> bool:
    return _target(layout.entrance(release.service.speaks)) == Path(layout.current_socket.name)


def marked(layout: AppLayout) -> int | None:
    """Return the release that is marked as live."""
    target = _target(layout.live)
    return int(target.name) if target and target.name.isdecimal() else None


def _run_of(release: int | None, layout: AppLayout, programs: Sequence[Program]) -> Instance | None:
    if release is None:
        return None
    found = [i for program in programs if (i := Instance.parse(program.name)) and i.release == release]
    return max(found, default=Instance(layout.app, release))


def _target(link: Path) -> Path | None:
    """Return where a link leads, None if there is none. What can't be read is no such answer: what is live is kept."""
    try:
        return link.readlink()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno == errno.EINVAL:  # it is no link
            return None
        raise UserError(plain(error, link), "mend that, and run the command again") from error


def _in_order(apps: Sequence[AppFacts], recorded: Sequence[str]) -> tuple[AppFacts, ...]:
    """Sort by first deploy: what the front's record says, then those it does not know by their oldest release."""

    def key(app: AppFacts) -> tuple[int, str, str]:
        place = recorded.index(app.name) if app.name in recorded else len(recorded)
        return (place, min((release.created for release in app.releases), default="~"), app.name)

    return tuple(sorted(apps, key=key))
