"""What goes into a release: its copy of the source, its start script, its server's config, its record."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from uncork.apache import Apache
from uncork.app_layout import AppLayout
from uncork.config import Config
from uncork.model import Account, Locked, Machine, Project, Proof, Release
from uncork.plan import Copy, Directory, File, Link, Run, Step
from uncork.recipes import paths
from uncork.recipes.environment import Environment
from uncork.recipes.logging import logging_json
from uncork.recipes.own import Own
from uncork.recipes.runtime import RUNTIME_FILES
from uncork.recipes.sizing import size
from uncork.rendering import render
from uncork.servers.server import Build, Server
from uncork.serving import Site, Static

RELEASE_COMMAND_TIMEOUT: Final = 900.0
COMPILE: Final = """import os, sys
from importlib.machinery import SourceFileLoader
paths = [os.path.join(folder, name) for folder, _, names in os.walk(".") for name in names if name.endswith(".py")]
for path in (*paths, sys.argv[1]):
    try:
        SourceFileLoader("", path).get_code("")
    except Exception:
        pass
"""
"""What an import does before it runs anything; to import compileall takes twice as long as all of this."""
GIVEN: Final = "UNCORK_VALUES"
"""uncork_runtime.env's: the names of those values that are in the environment already."""
PROOF_GRACE: Final = 5.0
"""What a hanging import gets to say where it hangs."""


@dataclass(frozen=True)
class Draft:
    """A release that is being built, as far as it is known before its app has been asked anything.

    `locked` is what its environment is made of, where that was decided on the computer that deploys.
    """

    number: int
    config: Config
    project: Project
    server: Server
    machine: Machine
    account: Account | None
    layout: AppLayout
    own: Own = field(default_factory=Own)
    apache: Apache | None = None
    front: str = ""
    locked: Locked | None = None

    @property
    def directory(self) -> Path:
        """The release's folder."""
        return self.layout.release(self.number)

    @property
    def run_py(self) -> Path:
        """The release's start script."""
        return self.directory / "run.py"

    @property
    def named(self) -> tuple[tuple[str, str], ...]:
        """The variables that tell the app its environment: uncork's, and the project's own."""
        names = dict.fromkeys(("UNCORK_ENV", self.config.environment_variable or "UNCORK_ENV"))
        return tuple((name, self.config.environment) for name in names)


def source_steps(draft: Draft, root: Path, names: tuple[str, ...], runtime: Path) -> tuple[Step, ...]:
    """Return the steps that copy the project and the runtime, and link the instance folder to the one that is kept."""
    source = draft.layout.source(draft.number)
    folders = dict.fromkeys(("", *draft.project.target.search))
    return (
        Directory(draft.directory),
        Copy(root, source, names),
        *(_instance_link(draft, source, folder) for folder in folders),
        Copy(runtime, draft.directory / "uncork_runtime", RUNTIME_FILES, why=""),
        *(File(draft.directory / path, content) for path, content in draft.project.metadata),
        File(draft.directory / "logging.json", logging_json(draft.config, draft.number, draft.layout)),
        File(draft.run_py, run_py(draft)),
    )


def run_py(draft: Draft) -> str:
    """Return the start script: what a person would have written by hand, and the values of `config set`."""
    config, target = draft.config, draft.project.target
    return render(
        "uncork.recipes",
        "run.py.j2",
        app=config.name,
        release=draft.number,
        environment=config.environment,
        search=target.folders,
        secrets=str(draft.layout.secrets),
        variables=draft.named,
        debug=config.environment == "development",
        module=target.module,
        module_is_path=target.is_path,
        name=target.name,
        expression=target.expression,
        mount=config.mount,
        worker_memory=size(config, draft.machine, draft.server).worker_memory,
        log=str(draft.layout.server_log),
        leave=draft.server.leave_signal,
        limit=0.0 if draft.server.watches else paths.request_timeout(config),
        fronted=draft.server.is_told(config.server),
        alone=draft.server.fronts(config.server) == ("none",),
    )


def prove_step(draft: Draft, environment: Environment, values: Mapping[str, str] | None = None) -> Run:
    """Return the step that imports the app in its own environment, by a clean interpreter, and asks it about itself.

    `values` are those of `config set` where the app's user may not read them by itself.
    """
    deadline = draft.config.boot_deadline
    python = str(environment.path / "bin" / "python")
    own = variables(draft.layout, draft.number, draft.config.environment)
    return Run(
        (python, "-m", "uncork_runtime.prove", str(draft.run_py), f"{deadline:g}"),
        "import the app",
        deadline + PROOF_GRACE,
        draft.layout.source(draft.number),
        env=(*(() if values is None else given(values)), ("PYTHONPATH", str(draft.directory)), *own),
        serving=True,
    )


def compile_step(draft: Draft, environment: Environment) -> Run:
    """Return the step that compiles the source, for when the account that serves can't write beside it.

    It runs as who deploys, so that nothing of the project may be imported by it (`-I`). A file that can't be compiled
    is no reason to refuse: nobody may import it, and if the app does, that says more. Nothing that is installed is
    needed for it (`-S`).
    """
    python = str(environment.path / "bin" / "python")
    argv = (python, "-I", "-S", "-c", COMPILE, str(draft.run_py))
    return Run(argv, "compile the source", directory=draft.layout.source(draft.number))


def release_command_step(draft: Draft, environment: Environment, values: Mapping[str, str]) -> Run:
    """Return the step that runs the project's own `release_command` (a migration, say) before anything is started.

    `values` are those of `config set`: a command need not be Flask's, and read them by the release's run.py.
    """
    path = f"{environment.path / 'bin'}:/usr/local/bin:/usr/bin:/bin"
    env = (("PATH", path), ("VIRTUAL_ENV", str(environment.path)), ("FLASK_APP", str(draft.run_py)))
    return Run(
        draft.config.release_command,
        "run the release command",
        RELEASE_COMMAND_TIMEOUT,
        draft.layout.source(draft.number),
        (*given(values), *env, *variables(draft.layout, draft.number, draft.config.environment), *draft.named),
        serving=True,
        log=draft.layout.app_log,  # where Flask's own commands say what went wrong, as all of the app does
    )


def given(values: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return what puts values of `config set` into an environment, so that run.py knows that they are there."""
    return (*values.items(), (GIVEN, " ".join(values)))


def variables(layout: AppLayout, release: int, environment: str) -> tuple[tuple[str, str], ...]:
    """Return the environment variables that every process of a release has; none is a secret."""
    return (
        ("UNCORK_HOME", str(layout.home)),
        ("UNCORK_APP", layout.app),
        ("UNCORK_RELEASE", str(release)),
        ("UNCORK_ENV", environment),
    )


def server_build(draft: Draft, environment: Environment, proof: Proof) -> Build:
    """Return what the server's adapter needs to know."""
    chosen = size(draft.config, draft.machine, draft.server)
    return Build(
        app=draft.config.name,
        release=draft.number,
        directory=draft.directory,
        venv=environment.path,
        log=draft.layout.server_log,
        processes=chosen.processes,
        threads=chosen.threads,
        worker_memory=chosen.worker_memory,
        request_timeout=paths.request_timeout(draft.config),
        drain=draft.config.drain,
        backlog=min(draft.machine.backlog, 4096),
        frameworks=proof.frameworks,
        settings=draft.config.server,
        apache=draft.apache,
        max_body=proof.max_body,
        snippet=draft.own.server_snippet,
        template=draft.own.server_template,
    )


def release(draft: Draft, environment: Environment, proof: Proof, *, created: str, source_digest: str) -> Release:
    """Return the record of how the release is started: all that a rollback needs."""
    build = server_build(draft, environment, proof)
    service = draft.server.service(build)
    able = (name for name in draft.server.fronts(draft.config.server) if name in (draft.own.fronts or (name,)))
    return Release(
        id=draft.number,
        app=draft.config.name,
        environment=draft.config.environment,
        created=created,
        source_digest=source_digest,
        lock=environment.digest,
        python=environment.python.version,
        server=draft.server.name,
        venv=str(environment.path),
        service=replace(service, env=(*service.env, *draft.named), limits=draft.config.limits),
        site=site(draft, proof),
        processes=build.processes,
        health=draft.config.health or "",
        boot_deadline=draft.config.boot_deadline,
        drain=draft.config.drain,
        logging=draft.config.logging,
        mail=draft.config.mail,
        fronts=tuple(sorted(able, key=lambda name: name != draft.front)),
    )


def site(draft: Draft, proof: Proof) -> Site:
    """Return how the front is to serve it."""
    config = draft.config
    return Site(
        app=config.name,
        speaks=draft.server.speaks(config.server),
        domains=config.domains,
        mount=config.mount,
        static=tuple(_through_live(draft, folder) for folder in proof.static if config.static and _goes(draft, folder)),
        max_body=proof.max_body,
        request_timeout=config.request_timeout,
        health=config.health or "",
        balance=config.front.balance,
        upstreams=config.front.upstreams,
        paths=paths.rules(config, draft.layout),
        cache=config.cache,
        cookies=proof.cookies,
        tls=config.own_tls,
        server_snippet=draft.own.front_snippet,
        template=draft.own.front_template,
        trusted_proxies=config.front.trusted_proxies,
    )


def _goes(draft: Draft, folder: Static) -> bool:
    """Whether the front serves a folder; else the app does. nginx has no way to say a dollar sign.

    On a machine set up for serving nginx may read what is another app's, and which folder it is the app's user says.
    """
    said = folder.url + folder.directory
    path = Path(folder.directory)
    own = path.is_relative_to(draft.layout.root) and ".." not in path.parts
    return "$" not in said and said.isprintable() and (own or not draft.layout.machine)


def _through_live(draft: Draft, folder: Static) -> Static:
    """A folder of the release, named through the `live` link: so the next release changes nothing in the front."""
    path = Path(folder.directory)
    if path.is_relative_to(draft.directory):
        path = draft.layout.live / path.relative_to(draft.directory)
    return Static(folder.url, str(path))


def _instance_link(draft: Draft, source: Path, folder: str) -> Link:
    up = "../" * (3 + len(Path(folder).parts))
    shared = draft.layout.instance_data.relative_to(draft.layout.root)
    return Link(source / folder / "instance", f"{up}{shared}")
