"""Find or make the virtual environment that a release runs in: what its project needs, and its server."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from uncork.apache import Apache
from uncork.config.holder import file_of, written
from uncork.errors import UsageError
from uncork.layout import MACHINE
from uncork.machine import files, processes, pythons, tools, trees
from uncork.model import Account, Dependencies, Interpreter, Locked
from uncork.project.requirements import (
    environment_digest,
    local_paths,
    lock_steps,
    manifest_digest,
    server_lock_steps,
    versions,
    without,
)
from uncork.recipes.build import Draft
from uncork.recipes.environment import Environment, environment_steps, lock_files
from uncork.recipes.fitting import refuse_unfit
from uncork.recipes.python import choose, fits
from uncork.servers.hashes import hashed
from uncork.servers.server import Server
from uncork.serving import ServerSettings
from uncork.workflows.work import Work


@dataclass(frozen=True)
class Needs:
    """What decides an environment beside its Python: the project, in `source`, and the server that it is for."""

    tree: trees.Tree
    source: Path
    dependencies: Dependencies
    server: Server
    settings: ServerSettings


def environment_for(work: Work, draft: Draft, tree: trees.Tree) -> Environment:
    """Return the environment, made now unless an earlier release has the same."""
    source = draft.layout.source(draft.number)
    environment = described(work, draft, tree, source, draft.layout.locks)
    kept = lock_files(environment, draft.directory)
    work.do(*kept)
    if not environment.complete.exists():
        wheels = work.layout.wheels if draft.locked else None
        work.do(*environment_steps(environment, tools.uv(), source, kept, wheels))
    return environment


def described(work: Work, draft: Draft, tree: trees.Tree, source: Path, locks: Path) -> Environment:
    """Return what the environment would be; a lock that isn't in `locks` yet is made there, from `source`."""
    needs = Needs(tree, source, draft.project.dependencies, draft.server, draft.config.server)
    locked = draft.locked or lock(work.do, needs, _python(work, draft), locks)
    digest = digest_of(locked, tree, draft.layout.venvs)
    requires = draft.server.requires(draft.config.server)
    return Environment(locked.python, locked.project, digest, draft.layout.venvs / digest[:16], requires, locked.server)


def lock(do: Callable[..., None], needs: Needs, python: Interpreter, locks: Path) -> Locked:
    """Return what the environment is made of; `do` carries out the steps that make a lock that is not in `locks` yet.

    Raises UsageError where the server and what the project uses can't go together.
    """
    made = locks / f"{manifest_digest(needs.tree.texts, needs.dependencies, python)}.txt"
    if not made.exists():
        do(*lock_steps(needs.dependencies, needs.source, python, tools.uv(), made))
    text = without(files.read(made), needs.server.replaces)
    refuse_unfit(needs.settings, versions(text), written(file_of(needs.tree.texts)))
    return Locked(python, text, _server_lock(do, needs, text, python, locks))


def digest_of(locked: Locked, tree: trees.Tree, venvs: Path) -> str:
    """Return what names an environment in the folder `venvs`.

    The scripts in it name its place; and a path in the lock what lies in the project, so it is as new as that.
    """
    sources = str(venvs) + (trees.digest(tree) if local_paths(locked.project) else "")
    return environment_digest(locked.project, locked.python, (locked.server,), sources)


def _server_lock(do: Callable[..., None], needs: Needs, text: str, python: Interpreter, locks: Path) -> str:
    """Return the lock of the server, without what the project's lock `text` has anyhow.

    Most need nothing but themselves, and come with their hashes: no resolver is asked, whom a deploy would wait for.
    """
    requires = needs.server.requires(needs.settings)
    ready = hashed(requires)
    if ready:
        return ready
    made = locks / f"server-{environment_digest(text, python, requires, python.platform)}.txt"
    if not made.exists():
        do(*server_lock_steps(requires, text, needs.source, python, tools.uv(), made))
    return without(files.read(made), versions(text))


def _python(work: Work, draft: Draft) -> Interpreter:
    return interpreter_for(work.account, draft.project.requires_python, draft.apache)


def interpreter_for(account: Account | None, wanted: str, apache: Apache | None) -> Interpreter:
    """The interpreter that uncork runs on if it can be, else one that the project asks for and the account reaches.

    Raises UsageError, which names all that were looked at, if there is none.
    """
    uv = tools.uv()
    if apache:
        return _of_module(apache.python, wanted, pythons.interpreters(uv))
    seen: list[Interpreter] = []
    for interpreter in pythons.interpreters(uv):
        seen.append(interpreter)
        if fits(interpreter, wanted) and (not account or processes.reachable(interpreter.path, account)):
            return interpreter
    return choose(seen, wanted, frozenset(), machine=MACHINE.machine_record.exists())


def _of_module(version: str, wanted: str, interpreters: Iterable[Interpreter]) -> Interpreter:
    """The system's own, which Apache's module for WSGI was built for. Raises UsageError where that can't be it."""
    path = f"/usr/bin/python{version}"
    found = next((interpreter for interpreter in interpreters if interpreter.path == path), None)
    if not found:
        package = f"python{version}-venv"
        raise UsageError(f"Apache's module for WSGI needs {path}, which is not there", f"install it: {package}")
    if not fits(found, wanted):
        raise UsageError(
            f"the project wants Python {wanted}, and Apache's module for WSGI here is for {found.version} alone",
            'choose another server: `server = "uwsgi"`, with `front = "apache"` if Apache is to stand in front',
        )
    return found
