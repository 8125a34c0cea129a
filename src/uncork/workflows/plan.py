"""Say what `up` would do, and do none of it."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

from uncork.apply import preview
from uncork.layout import Layout
from uncork.machine import files, moments, tools
from uncork.model import AppFacts, Facts, Proof, Release
from uncork.plan import File, Plan, Step
from uncork.project.requirements import versions
from uncork.recipes import build, provision
from uncork.recipes.address import decide, front_kind
from uncork.recipes.build import Draft
from uncork.recipes.change_over import Running, boot, change_over, live_of
from uncork.recipes.environment import COMPLETE, Environment, environment_steps, lock_files
from uncork.recipes.front import Served, sites
from uncork.report import Silent
from uncork.servers import SERVERS
from uncork.workflows import https
from uncork.workflows.changing import programs
from uncork.workflows.environment import described
from uncork.workflows.front import refreshed
from uncork.workflows.take_over import next_instance
from uncork.workflows.up import RUNTIME, Found, UpOptions, drafted, find
from uncork.workflows.work import Work, begin


@dataclass(frozen=True)
class Preview:
    """What `up` would do: files with their unified diffs, commands with why, distributions that come and go."""

    app: str
    release: int
    files: tuple[tuple[str, str], ...]
    commands: tuple[tuple[str, str], ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    notes: tuple[str, ...]


def plan(layout: Layout, project: Path, options: UpOptions) -> Preview:
    """Return what `up` would do now. Static folders are as the live release has them: the app is not imported."""
    found = find(layout, project, options)
    work = begin(layout, Silent(), found.config.name)
    facts = work.facts()
    work = work.behind(front_kind(facts, found.config, SERVERS[found.config.server.kind]))
    draft = drafted(work, found, facts)
    app = facts.app(draft.config.name)
    environment = _environment(work, draft, found)
    steps = _steps(work, facts, draft, environment, found, options)
    added, removed = _dependencies(environment, app.live_release)
    return Preview(
        app=app.name,
        release=draft.number,
        files=tuple(_diff(step, draft, app) for step in steps if isinstance(step, File) and not step.secret),
        commands=preview(Plan(steps)),
        added=added,
        removed=removed,
        notes=(*found.notes, *draft.own.notes, *filter(None, (work.front.caveat,))),
    )


def _environment(work: Work, draft: Draft, found: Found) -> Environment:
    """The lock is made in a folder of its own, unless the app's state has it already."""
    kept = {path.name: path for path in files.names_in(draft.layout.locks)}
    with tempfile.TemporaryDirectory() as folder:
        for name, path in kept.items():
            (Path(folder) / name).symlink_to(path)
        return described(work, draft, found.tree, found.tree.root, Path(folder))


def _steps(
    work: Work, facts: Facts, draft: Draft, environment: Environment, found: Found, options: UpOptions
) -> tuple[Step, ...]:
    app = facts.app(draft.config.name)
    site = app.live_release.site if app.live_release else None
    proof = Proof(static=site.static, max_body=site.max_body, cookies=site.cookies) if site else Proof()
    release = build.release(draft, environment, proof, created=moments.now(), source_digest="")
    address = decide(facts, draft.config, options.port, options.bind)
    wanted = Served(address, sites(facts, release.site), https.given(work.layout, found.tree.root, draft.config))
    front = refreshed(work, facts, wanted)
    new = Running(release, next_instance(app, release.id))
    begun = boot(new, work.layout, work.supervisor, work.account)
    over = change_over(new, live_of(app, release), work.layout, work.supervisor, front, stopped=app.stopped)
    kept = lock_files(environment, draft.directory)
    source = draft.layout.source(draft.number)
    made = () if environment.complete.exists() else environment_steps(environment, tools.uv(), source, kept)
    return (
        *build.source_steps(draft, found.tree.root, found.tree.names, RUNTIME),
        *kept,
        *made,
        build.prove_step(draft, environment),
        *((build.release_command_step(draft, environment, {}),) if draft.config.release_command else ()),
        *draft.server.files(build.server_build(draft, environment, proof)),
        *provision.agent(facts, work.layout, work.supervisor, programs(work)),
        *begun.steps,
        *over.steps,
    )


def _diff(step: File, draft: Draft, app: AppFacts) -> tuple[str, str]:
    """A file of the new release is held against the same file of the live one, others against what is on disk."""
    before = step.path
    if app.live and step.path.is_relative_to(draft.directory):
        before = draft.layout.release(app.live.release) / step.path.relative_to(draft.directory)
    old = files.read(before) if before.is_file() else ""
    lines = unified_diff(
        old.splitlines(keepends=True), step.content.splitlines(keepends=True), str(before), str(step.path)
    )
    return str(step.path), "".join(lines)


def _dependencies(environment: Environment, live: Release | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    before: Mapping[str, str] = {}
    if live and (Path(live.venv) / COMPLETE).is_file():
        before = versions(files.read(Path(live.venv) / COMPLETE))
    after = versions(environment.lock)
    added = {f"{name}=={version}" for name, version in after.items() if before.get(name) != version}
    removed = {f"{name}=={version}" for name, version in before.items() if after.get(name) != version}
    return tuple(sorted(added)), tuple(sorted(removed))
