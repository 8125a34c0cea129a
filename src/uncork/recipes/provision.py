"""The folders that a state directory and an app need, and what brings a supervisor back to what should run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from uncork.app_layout import AppLayout, account_name
from uncork.layout import Layout
from uncork.model import AppFacts, Facts, Instance
from uncork.plan import Directory, End, Link, Remove, Step
from uncork.recipes.change_over import enter, point
from uncork.supervisors.supervisor import AGENT, Supervisor

LEFTOVER_TIME: Final = 30.0
"""What processes without a supervisor get to finish their requests."""
HELD: Final = frozenset({"STARTING", "RUNNING", "BACKOFF"})
"""The states of a program that supervisord keeps running; in the last it waits until it starts it again."""


def folders(layout: Layout, name: str, *, root: bool) -> tuple[Step, ...]:
    """Return the folders of the state directory and of one app.

    As root others may pass through, since the account that serves is one of them, but it alone gets to sources, data
    and logs; else nobody else may look in.
    """
    app = layout.app(name)
    if layout.machine:
        return _machines(layout, app)
    plain = (layout.logs, layout.front / "apps", layout.programs, app.releases, app.venvs, app.locks, app.shared)
    return (
        Directory(layout.home, mode=0o755 if root else 0o700),
        Directory(layout.run, mode=0o711 if root else 0o700),
        Directory(layout.apps, mode=0o750),
        *(Directory(path) for path in plain),
        Directory(layout.agent, mode=0o700, serving=True),
        Directory(app.alerts, mode=0o700, serving=True),
        Directory(app.instance_data, mode=0o700, serving=True),
        Directory(app.logs, serving=True),
        Directory(app.sockets, mode=0o711),
    )


def _machines(layout: Layout, app: AppLayout) -> tuple[Step, ...]:
    """Return the folders where each app has a user of its own.

    An app's folder lets in its group alone: its user, the front and the agent. What is in it is root's. Where its user
    writes, the agent reads, and the front does not. What the agent counts is for nobody else.
    """
    keepers = layout.keepers
    within = (app.releases, app.venvs, app.locks, app.shared, app.entrances)
    return (
        *machine_folders(layout),
        Directory(app.root, mode=0o750, group=account_name(app.app)),
        *(Directory(path) for path in within),
        Directory(app.counts, mode=0o770, group=keepers),
        Directory(app.alerts, mode=0o770, serving=True, group=keepers),
        Directory(app.logs, mode=0o770, serving=True, group=keepers),
        Directory(app.instance_data, mode=0o700, serving=True),
        Directory(app.sockets, mode=0o711),
    )


def machine_folders(layout: Layout) -> tuple[Step, ...]:
    """Return the folders of a machine set up for serving that are of no app.

    What the front is told of each app is not for the users of others: only root's nginx reads it.
    """
    keepers = layout.keepers
    return (
        Directory(layout.home),
        Directory(layout.run, mode=0o711),
        Directory(layout.apps, mode=0o751, group=keepers),
        *(Directory(path) for path in (layout.logs, layout.logs / "apps")),
        Directory(layout.front / "apps", mode=0o750, group=keepers),
        Directory(layout.agent, mode=0o770, group=keepers),
    )


def converge(
    facts: Facts, layout: Layout, supervisor: Supervisor, on_disk: tuple[Path, ...], name: str
) -> tuple[Step, ...]:
    """Return the steps after which a supervisor runs the live instances, and nothing else of the named app's.

    `on_disk` are the supervisor's files and the instances' folders. What is left over of a deploy that was killed, of a
    supervisor that was, or of a reboot, is ended or started again. Other apps may be in the middle of a change, with
    two instances up: they are left alone, unless all was to go down. The front is left to whoever refreshes it.
    """
    if not facts.supervising:
        return _resurrect(facts, layout, supervisor, on_disk)
    ways = (enter(layout, app.live_release) for app in facts.apps if app.live_release and not app.entered)
    apps = facts.apps if facts.down else (facts.app(name),)
    return (
        *ways,
        *_end(facts, "end what a killed server left"),
        *(
            step
            for stray in _strays(facts, supervisor, on_disk, name)
            for step in _stop(stray, facts, layout, supervisor)
        ),
        *(step for app in apps for step in _mend(app, facts, layout, supervisor)),
        *(step for app in apps for step in _keep(app, layout, supervisor, on_disk)),
        *((Remove(layout.down),) if facts.down else ()),
    )


def agent(facts: Facts, layout: Layout, supervisor: Supervisor, on_disk: Mapping[Path, str]) -> tuple[Step, ...]:
    """Return the steps after which the agent runs, from this uncork's code; `on_disk` are the supervisor's texts.

    One that waits to be started again, since it has just crashed, is left to the supervisor.
    """
    apps = tuple(sorted(app.name for app in facts.apps))
    wanted = supervisor.agent_files(layout, facts.account, apps)
    same = all(on_disk.get(file.path) == file.content for file in wanted)
    held = any(program.name == AGENT and program.state in HELD for program in facts.programs)
    return () if same and held else supervisor.start_agent(layout, facts.account, apps)


def unfinished(app: AppFacts, layout: Layout, unrecorded: tuple[int, ...]) -> tuple[Step, ...]:
    """Return the steps that remove the folders of releases which a killed deploy never finished.

    `unrecorded` are the numbers of those that have no record. One whose record can't be read, by an older uncork say,
    was finished; and what visitors are on is never removed.
    """
    live = app.live.release if app.live else None
    return tuple(Remove(layout.app(app.name).release(number)) for number in unrecorded if number != live)


def _resurrect(facts: Facts, layout: Layout, supervisor: Supervisor, on_disk: tuple[Path, ...]) -> tuple[Step, ...]:
    ends = _end(facts, "end what a lost supervisor left")
    placed = tuple(step for app in facts.apps if not app.stopped for step in _replace(app, layout, supervisor, facts))
    forgotten = tuple(Remove(path) for path in on_disk)
    files = (*supervisor.agent_files(layout, facts.account), *supervisor.files(layout))
    return (*ends, *forgotten, *placed, *files, *supervisor.begin(layout), Remove(layout.down))


def _end(facts: Facts, why: str) -> tuple[Step, ...]:
    return (End(facts.leftovers, LEFTOVER_TIME, why),) if facts.leftovers else ()


def _replace(app: AppFacts, layout: Layout, supervisor: Supervisor, facts: Facts) -> tuple[Step, ...]:
    release = app.live_release
    if not app.live or not release:
        return ()
    paths = layout.app(app.name)
    return (
        Directory(paths.sockets, mode=0o711),
        *supervisor.place(layout, app.live, release.service, facts.account),
        enter(layout, release),
        *_point(app, app.live, layout),
    )


def _strays(facts: Facts, supervisor: Supervisor, on_disk: tuple[Path, ...], name: str) -> list[Instance]:
    """What there is of an app beside its live instance, running or not, and of apps that are not there any more."""
    known = {app.name for app in facts.apps}
    live = {app.live for app in facts.apps if app.live and not app.stopped}
    running = (Instance.parse(program.name) for program in facts.programs)
    found = {i for i in (*running, *(_of(path, supervisor) for path in on_disk)) if i}
    return sorted(i for i in found - live if i.app == name or i.app not in known)


def _of(path: Path, supervisor: Supervisor) -> Instance | None:
    """A folder of an instance's is named as its number in that of the app."""
    return supervisor.instance(path) or Instance.parse(f"{path.parent.name}.{path.name}")


def _stop(instance: Instance, facts: Facts, layout: Layout, supervisor: Supervisor) -> tuple[Step, ...]:
    release = facts.app(instance.app).release(instance.release)
    return supervisor.stop(layout, instance, release.drain if release else LEFTOVER_TIME)


def _mend(app: AppFacts, facts: Facts, layout: Layout, supervisor: Supervisor) -> tuple[Step, ...]:
    """A `down` or `start` that was cut short leaves a live instance that does not run, a deploy two links at odds."""
    release = app.live_release
    if not app.live or not release or app.stopped:
        return ()
    if any(program.name == app.live.name and program.state in HELD for program in facts.programs):
        return _point(app, app.live, layout)
    return (
        *_stop(app.live, facts, layout, supervisor),
        *supervisor.start(layout, app.live, release.service, facts.account),
        *_point(app, app.live, layout),
    )


def _keep(app: AppFacts, layout: Layout, supervisor: Supervisor, on_disk: tuple[Path, ...]) -> tuple[Step, ...]:
    """A deploy that was killed right after the switch may not have come so far."""
    if not app.live or not app.live_release or app.stopped:
        return ()
    return tuple(s for s in supervisor.keep(layout, app.live) if not (isinstance(s, Link) and s.path in on_disk))


def _point(app: AppFacts, live: Instance, layout: Layout) -> tuple[Step, ...]:
    """What the front connects to is what visitors were on, so the mark follows it."""
    return () if app.pointed else point(layout, live, "")
