"""Deploy a project: build a release beside what serves, prove it, and let it take over."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

import uncork_runtime
from uncork.config import Config, load
from uncork.errors import StepFailedError
from uncork.facts import scale_of
from uncork.fronts.front import Front
from uncork.layout import Layout
from uncork.machine import apache, files, moments, processes, trees
from uncork.model import AppFacts, Facts, Locked, Project, Proof, Release
from uncork.plan import File, Remove, Room, Run
from uncork.project.detect import detect
from uncork.recipes import build, provision, retire
from uncork.recipes.address import decide, front_kind
from uncork.recipes.build import Draft
from uncork.recipes.change_over import Running
from uncork.recipes.environment import Environment
from uncork.recipes.explain import Failure, import_failed, step_failed
from uncork.recipes.front import sites
from uncork.recipes.own import own
from uncork.recipes.sizing import scaled
from uncork.records import encode
from uncork.report import Reporter
from uncork.servers import SERVERS
from uncork.serving import ACME, THIS_MACHINE, Address, Site
from uncork.workflows import accounts, cache, https, values, wheels
from uncork.workflows.changing import changing
from uncork.workflows.environment import environment_for
from uncork.workflows.front import port_is_free
from uncork.workflows.given import check_passwords, without_key
from uncork.workflows.take_over import Deployed, Settle, keep, next_instance, take_over
from uncork.workflows.work import Work, begin, record

RUNTIME = Path(uncork_runtime.__file__).parent
Answering = tuple[Front, Address, tuple[Site, ...]]
"""A front, where it answers, and for which sites."""


@dataclass(frozen=True)
class Sent:
    """A project that came from elsewhere: what its folder is called there, and the names of the files that count."""

    folder: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class UpOptions:
    """What the command line says of a deploy. `environ` is the environment that FLASK_APP may stand in.

    Without an environment it is that of the target, whose values lie over all others. `names` are what this machine is
    called by who deploys to it from elsewhere, and `sent` says more of a project that came from there; `locked` is what
    the release's environment is made of, where its packages came from there too. `trusted` are the addresses of the
    balancer before this machine.
    """

    environment: str | None = None
    port: int | None = None
    bind: str | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    target: str = THIS_MACHINE
    names: tuple[str, ...] = ()
    sent: Sent | None = None
    locked: Locked | None = None
    trusted: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """A project on disk: its tree, its config, and what it turned out to hold."""

    tree: trees.Tree
    config: Config
    project: Project

    @property
    def notes(self) -> tuple[str, ...]:
        """What is worth telling of the project, whether it is deployed or not."""
        return (*self.tree.notes, *self.project.warnings, *self.project.dependencies.notes)


def find(layout: Layout, root: Path, options: UpOptions, leave_out: tuple[Path, ...] = ()) -> Found:
    """Read a project, without some folders. Raises UsageError where it, its config or its app is not clear."""
    sent = options.sent
    # What was sent lies in the state directory, and has nothing of it.
    tree = trees.listed(root, sent.names) if sent else trees.read(root, leave_out=(layout.home, *leave_out))
    folder = sent.folder if sent else root.resolve().name
    config = _reached(layout, load(tree.texts, options.environment, folder, options.target), options)
    tree = without_key(tree, config)
    check_passwords(tree, config, processes.account())
    project = detect(tree.texts, config, {**tree.environment, **options.environ})
    return Found(tree, config, project)


def _reached(layout: Layout, config: Config, options: UpOptions) -> Config:
    """On a machine set up for serving others' sites may be at the same port: an app that no name leads to gets one."""
    believed = dict.fromkeys((*config.front.trusted_proxies, *options.trusted))
    config = replace(config, front=replace(config.front, trusted_proxies=tuple(believed)))
    if not layout.machine or config.domains or not options.names:
        return config
    return replace(config, domains=options.names)


def up(layout: Layout, project: Path, options: UpOptions, report: Reporter, settle: Settle = keep) -> Deployed:
    """Deploy the project at that path, and return what serves then.

    `settle` is called once visitors are on the new release, and says whether they stay there. Raises UsageError before
    anything was changed, RefusedError when what served before serves still, or again.
    """
    started = time.monotonic()
    found = find(layout, project, options)
    certificate = https.given(layout, found.tree.root, found.config)
    work = begin(layout, report, found.config.name)
    seen = _check(work, found, options)
    accounts.prepare(layout, found.config.name, report)
    work = replace(work, account=accounts.account_of(layout, found.config.name))
    with changing(work, found.config.name, "up") as facts:
        work, address = _settled(work, facts, found.config, options)
        app = facts.app(found.config.name)
        draft = replace(drafted(work, found, facts), locked=options.locked)
        _names_are_free(work, facts, draft, address, seen)
        _tidy(work, app)
        with _or_forget(work, draft, app):
            release, notes = _build(work, draft, found, app)
            written = File(draft.layout.record(draft.number), encode(release))
            new = Running(scaled(release, scale_of(draft.layout)), next_instance(app, release.id))
            deployed = take_over(work, facts, new, address, written, given=certificate, settle=settle)
        record(work, draft.config.name, "up", draft.number, started)
        _prune(work, draft, replace(app, live=new.instance, releases=(*app.releases, release)))
    told = (
        *https.notes(layout, release.site.tls),
        *_unlimited(layout, found.config),
        *filter(None, (work.front.caveat,)),
    )
    deployed = replace(deployed, notes=(*found.notes, *draft.own.notes, *notes, *told))
    if release.site.tls.kind != ACME:
        return deployed
    from uncork.workflows import acme

    return acme.certified(work, deployed, release)


def _unlimited(layout: Layout, config: Config) -> tuple[str, ...]:
    """What asks for limits is told where there are none."""
    if layout.machine or not config.limits.any:
        return ()
    return ("what [limits] says is not enforced here: that takes a machine set up for serving, with systemd",)


def _settled(work: Work, facts: Facts, config: Config, options: UpOptions) -> tuple[Work, Address]:
    """Return the work with the front that is to answer, and where. Raises UsageError, before anything was changed.

    What a lost supervisor left may hold the port; it is ended before this is asked again.
    """
    address = decide(facts, config, options.port, options.bind)
    work = work.behind(front_kind(facts, config, SERVERS[config.server.kind]))
    if not facts.leftovers:
        port_is_free(facts, address, work.front, config.written("tls"))
    return work, address


def _check(work: Work, found: Found, options: UpOptions) -> Answering:
    """Raise UsageError, before anything was changed, if the app can't be served so beside what is there now."""
    facts = work.facts()
    work, address = _settled(work, facts, found.config, options)
    seen = _names_are_free(work, facts, drafted(work, found, facts), address)
    if not work.front.outside:
        # What the supervisor can't hold, it says when it is asked for the steps.
        work.supervisor.start_front(work.layout, work.front.service(work.layout, address), address, work.account)
    return seen


def _names_are_free(
    work: Work, facts: Facts, draft: Draft, address: Address, seen: Answering | None = None
) -> Answering:
    """Return who would answer where. Raises UsageError if another app does already; who was `seen` to be free is."""
    wanted = (work.front, address, sites(facts, build.site(draft, Proof())))
    if wanted != seen:
        work.front.files(work.layout, address, wanted[-1], work.account)
    return wanted


def drafted(work: Work, found: Found, facts: Facts) -> Draft:
    """Return the release that a deploy of the project would make, behind the front that the work has."""
    config = found.config
    number = facts.app(config.name).next_release
    server = SERVERS[config.server.kind]
    server.check(config.server, config.processes, config.threads)
    layout = work.layout.app(config.name)
    return Draft(
        number,
        config,
        found.project,
        server,
        facts.machine,
        work.account,
        layout,
        own=own(found.tree.texts, server, work.front, found.tree.names),
        apache=apache.with_wsgi() if server.needs_apache else None,
        front=work.front.name,
    )


def _tidy(work: Work, app: AppFacts) -> None:
    """Remove what a killed deploy left of a release."""
    layout = work.layout.app(app.name)
    numbers = (int(path.name) for path in files.names_in(layout.releases) if path.name.isdecimal())
    unrecorded = tuple(number for number in numbers if not layout.record(number).exists())
    work.do(*provision.unfinished(app, work.layout, unrecorded))


def _build(work: Work, draft: Draft, found: Found, app: AppFacts) -> tuple[Release, tuple[str, ...]]:
    """Make the release's folder, whole but for the record, which is written at the switch; with what the app noted."""
    work.do(*build.source_steps(draft, found.tree.root, found.tree.names, RUNTIME))
    environment = environment_for(work, draft, found.tree)
    if work.account:
        work.do(build.compile_step(draft, environment), Room(draft.directory))
    proof = prove(work, draft, environment, app, found.tree)
    if draft.config.release_command:
        work.do(build.release_command_step(draft, environment, values.read(draft.layout.secrets)))
    server_build = build.server_build(draft, environment, proof)
    work.do(Room(draft.directory), *draft.server.files(server_build))
    release = build.release(draft, environment, proof, created=moments.now(), source_digest=trees.digest(found.tree))
    return release, proof.notes


def prove(work: Work, draft: Draft, environment: Environment, app: AppFacts, tree: trees.Tree) -> Proof:
    """Import the app in its own environment, and return what it says of itself. Raises RefusedError if it can't be."""
    # On a machine set up for serving its user may not read them.
    handed = values.read(draft.layout.secrets) if work.layout.machine else None
    step = build.prove_step(draft, environment, handed)
    verdict = _verdict(work.ask(step), step)
    if isinstance(verdict, Proof):
        return verdict
    local = frozenset(Path(name).parts[0].removesuffix(".py") for name in tree.names)
    raise import_failed(verdict, draft.number, app.live_release, local)


def _verdict(printed: str, step: Run) -> Proof | Failure:
    kind: type[Proof | Failure] = Proof if printed.startswith('{"ok": true') else Failure
    try:
        return msgspec.json.decode(printed, type=kind)
    except msgspec.MsgspecError as error:
        reason = "the interpreter ended without a word: the app ends it while it is imported (`os._exit`?)"
        raise StepFailedError(step.why, reason, printed) from error


@contextmanager
def _or_forget(work: Work, draft: Draft, app: AppFacts) -> Iterator[None]:
    """Remove a release that was refused: only what has served is kept. Raises RefusedError where a step has failed."""
    try:
        yield
    except BaseException as error:
        live = work.facts().app(draft.config.name).live
        if not live or live.release != draft.number:
            work.do(Remove(draft.directory))
        if isinstance(error, StepFailedError):
            raise step_failed(error, draft.number, app.live_release) from error
        raise


def _prune(work: Work, draft: Draft, app: AppFacts) -> None:
    """Remove what the app, as it is now, has no use for any more."""
    old = retire.old_releases(app, draft.config.keep_releases)
    app = replace(app, releases=tuple(release for release in app.releases if release not in old))
    environments = retire.old_environments(app, files.names_in(draft.layout.venvs))
    work.do(*(Remove(draft.layout.release(release.id)) for release in old), *environments)
    wheels.prune(work)
    if app.live_release and not app.live_release.site.keeps:
        cache.forget(work.layout, app.name)
