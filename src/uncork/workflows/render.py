"""Write a project's release as files that need no uncork: it is built in a folder of its own, and taken from there."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Final

from uncork.errors import StepFailedError, UsageError, UserError
from uncork.fronts.apache import Apache
from uncork.fronts.certificates import SELF_SIGNED
from uncork.fronts.names import hosts
from uncork.fronts.nginx import Nginx
from uncork.layout import Layout, runtime_directory
from uncork.machine import files, tools
from uncork.model import Proof
from uncork.plan import Copy, Directory, File, Link, Remove
from uncork.recipes import build, provision
from uncork.recipes.build import Draft
from uncork.recipes.environment import Environment
from uncork.recipes.https import settled
from uncork.recipes.kit import lock
from uncork.recipes.kit.files import Start, placed
from uncork.recipes.kit.files import files as kit_files
from uncork.recipes.kit.kit import APACHE, MACHINE, WINDOWS, Kit
from uncork.recipes.own import own
from uncork.recipes.runtime import RUNTIME_FILES
from uncork.rendering import MARK, OWN
from uncork.report import Reporter
from uncork.serving import ACME, HTTP, Address, ServerSettings, Site
from uncork.workflows.environment import environment_for
from uncork.workflows.up import RUNTIME, Found, UpOptions, drafted, find, prove
from uncork.workflows.work import Work, begin

OWN_PORT: Final = 8000
ON_WINDOWS: Final = "C:/apps"


@dataclass(frozen=True)
class RenderOptions:
    """What the command line says: where to, for what (empty: what the config asks for), and how.

    `at` is where it will lie, `tcp` the port (`host:port`) between front and server; both may be empty.
    """

    to: Path
    target: str = ""
    format: str = "ini"
    at: str = ""
    tcp: str = ""
    up: UpOptions = field(default_factory=UpOptions)


@dataclass(frozen=True)
class Rendered:
    """What was written: the app, where to, for what, the names of the files, and what is worth telling."""

    app: str
    to: str
    target: str
    files: tuple[str, ...]
    notes: tuple[str, ...]


def render(layout: Layout, project: Path, options: RenderOptions, report: Reporter) -> Rendered:
    """Write the project at that path as files that need no uncork.

    Raises UsageError where the folder has something else in it, RefusedError where the app can't be imported.
    """
    _may_write(options.to)
    found = _for_target(find(layout, project, options.up, leave_out=(options.to,)), options)
    with _folder(layout, found) as inside:
        work = begin(inside, report)
        draft = _draft(work, found, options)
        try:
            kit, text = _built(work, draft, found, options)
        except StepFailedError as error:
            raise UserError(f"could not {error.why}: {error.reason}", "see what was printed", error.output) from error
    start = Start(found.project.target, found.config, draft.named)
    made = kit_files(kit, start, text)
    _write(work, found, kit, made, options.to)
    names = tuple(sorted(str(file.path.relative_to(kit.at)) for file in made))
    return Rendered(kit.app, str(options.to), kit.target, names, (*found.notes, *_notes(kit, draft)))


def _may_write(to: Path) -> None:
    """Raise UsageError unless the folder is new, empty, or one that this wrote."""
    readme = to / "README.md"
    if to.exists() and not to.is_dir():
        raise UsageError(f"{to} is a file", "give a folder with --to")
    if files.names_in(to) and not (readme.is_file() and MARK in files.read(readme)):
        raise UsageError(f"{to} has something in it that uncork did not write", "give a new folder with --to")


def _for_target(found: Found, options: RenderOptions) -> Found:
    """Return the project with the server that the target has."""
    if options.target != WINDOWS:
        return found
    config = replace(found.config, server=ServerSettings("waitress"), processes=None)
    return replace(found, config=config)


@contextmanager
def _folder(layout: Layout, found: Found) -> Iterator[Layout]:
    """A state directory for the moment, with the locks and the values that the app has already."""
    with tempfile.TemporaryDirectory(prefix="unc-") as folder:
        home = Path(folder).resolve()
        home.chmod(0o755)
        inside = Layout(home, runtime_directory(home, os.getuid()))
        kept, app = layout.app(found.config.name), inside.app(found.config.name)
        app.shared.mkdir(parents=True)
        app.locks.mkdir()
        for path in files.names_in(kept.locks):
            (app.locks / path.name).symlink_to(path)
        if kept.secrets.exists():
            app.secrets.symlink_to(kept.secrets)
        yield inside


def _draft(work: Work, found: Found, options: RenderOptions) -> Draft:
    draft = drafted(work, found, work.facts())
    front = Apache if _target(draft, options) in {APACHE, WINDOWS} else Nginx
    return replace(draft, own=own(found.tree.texts, draft.server, front, found.tree.names))


def _target(draft: Draft, options: RenderOptions) -> str:
    """Return what it is for: what was said, else what the config says of its server and its front."""
    is_apache = draft.server.name == "mod_wsgi"
    target = options.target or (APACHE if is_apache or draft.config.front.kind == "apache" else MACHINE)
    if is_apache and target != APACHE:
        raise UsageError("mod_wsgi is a part of Apache", f"render it with `--for {APACHE}`, or choose another server")
    if is_apache and options.tcp:
        raise UsageError("mod_wsgi is a part of Apache: there is no port between them", "leave out --socket")
    return target


def _built(work: Work, draft: Draft, found: Found, options: RenderOptions) -> tuple[Kit, str]:
    """Build the release as a deploy would, ask its app about itself; return what it is, and its requirements.txt."""
    work.do(*provision.folders(work.layout, draft.config.name, root=work.account is not None))
    work.do(*build.source_steps(draft, found.tree.root, found.tree.names, RUNTIME))
    environment = environment_for(work, draft, found.tree)
    proof = prove(work, draft, environment, work.facts().app(draft.config.name), found.tree)
    folder = work.layout.home / "lock"
    is_windows, server = options.target == WINDOWS, environment.server_lock
    work.do(*lock.steps(environment.lock, server, environment.python, tools.uv(), folder, windows=is_windows))
    text = lock.whole(files.read(folder / lock.MADE), server)
    return _kit(draft, environment, proof, options), text


def _kit(draft: Draft, environment: Environment, proof: Proof, options: RenderOptions) -> Kit:
    target, site = _target(draft, options), _bringing(build.site(draft, proof))
    at = _at(draft.config.name, target, options)
    made = Kit(
        at=at,
        target=target,
        format=options.format,
        tcp=options.tcp,
        build=replace(build.server_build(draft, environment, proof), directory=at, venv=at / "venv"),
        server=draft.server,
        site=site,
        address=settled(_address(draft, target, options), (site,)),
        environment=draft.config.environment,
        python=environment.python.version,
        local=lock.local(environment.lock),
    )
    made = replace(made, build=replace(made.build, log=made.logs / "server.log", alone=made.alone))
    return placed(made, draft.layout.live)


def _bringing(site: Site) -> Site:
    """A certificate that a CA would give is brought, as one of a local CA is."""
    return replace(site, tls=replace(site.tls, names=tuple(hosts(site)))) if site.tls.kind == ACME else site


def _at(app: str, target: str, options: RenderOptions) -> Path:
    at = options.at or (f"{ON_WINDOWS}/{app}" if target == WINDOWS else str(options.to))
    whole = at[1:3] == ":/" if target == WINDOWS else PurePosixPath(at).is_absolute()
    if not whole or not at.isprintable():
        example = f"{ON_WINDOWS}/{app}" if target == WINDOWS else f"/srv/{app}"
        raise UsageError(f"{at!r} is no whole path of that system's", f"write, for example, --at {example}")
    return Path(at.rstrip("/"))


def _address(draft: Draft, target: str, options: RenderOptions) -> Address:
    """Return where the front answers: one that a person starts on a port of its own, the machine's on all of 80."""
    config, own_front = draft.config, target in {MACHINE, WINDOWS}
    everywhere = "0.0.0.0"  # noqa: S104 -- what a machine that serves the web listens on
    bind = options.up.bind or config.bind or ("127.0.0.1" if own_front else everywhere)
    port = options.up.port or config.port or (OWN_PORT if own_front else HTTP)
    return Address(bind, port)


def _write(work: Work, found: Found, kit: Kit, made: tuple[File, ...], to: Path) -> None:
    """Write all to the folder; of what is there already only the source is taken away, whose files may have gone."""
    source, folders = to / "source", dict.fromkeys(("", *found.project.target.search))
    named = tuple(replace(file, path=to / file.path.relative_to(kit.at)) for file in made)
    links = (Link(source / folder / "instance", _up(folder)) for folder in folders if kit.target != WINDOWS)
    own_runtime = tuple(name for name in RUNTIME_FILES if name != "prove.py")
    is_used = any(name.endswith(".py") and "uncork_runtime" in text for name, text in found.tree.texts.items())
    runtime = (Copy(RUNTIME, to / "uncork_runtime", own_runtime, why=""),) if is_used else ()
    work.do(
        Directory(to),
        Remove(source),
        Remove(to / "uncork_runtime"),
        Copy(found.tree.root, source, found.tree.names),
        *(File(to / path, content) for path, content in found.project.metadata),
        *runtime,
        *links,
        *named,
    )


def _up(folder: str) -> str:
    return "../" * (1 + len(PurePosixPath(folder).parts)) + "instance"


def _notes(kit: Kit, draft: Draft) -> Iterator[str]:
    """Yield what of the project's own is not in what was written."""
    if draft.own.front_template:
        yield f"{OWN}/ has a template for the front, which is not taken: what is written for others is plainer"
    if kit.site.tls.kind in {SELF_SIGNED, ACME}:
        yield "the certificate is for you to bring: uncork makes, or gets, and renews those of its own deploys alone"
    if kit.site.trusted_proxies:
        yield "`front.trusted_proxies` is not in what was written: name those proxies in the front's config"
    if kit.target == WINDOWS and draft.config.server.kind != "waitress":
        yield "on Windows it is served by Waitress"
