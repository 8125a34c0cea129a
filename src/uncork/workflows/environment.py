"""Find or make the virtual environment that a release runs in: what its project needs, and its server."""

from collections.abc import Iterable
from pathlib import Path

from uncork.errors import UsageError
from uncork.machine import files, processes, pythons, tools, trees
from uncork.model import Interpreter
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
from uncork.workflows.work import Work


def environment_for(work: Work, draft: Draft, tree: trees.Tree) -> Environment:
    """Return the environment, made now unless an earlier release has the same."""
    source = draft.layout.source(draft.number)
    environment = described(work, draft, tree, source, draft.layout.locks)
    kept = lock_files(environment, draft.directory)
    work.do(*kept)
    if not environment.complete.exists():
        work.do(*environment_steps(environment, tools.uv(), source, kept))
    return environment


def described(work: Work, draft: Draft, tree: trees.Tree, source: Path, locks: Path) -> Environment:
    """Return what the environment would be; a lock that isn't in `locks` yet is made there, from `source`."""
    uv = tools.uv()
    python = _python(work, draft, uv)
    dependencies = draft.project.dependencies
    lock = locks / f"{manifest_digest(tree.texts, dependencies, python)}.txt"
    if not lock.exists():
        work.do(*lock_steps(dependencies, source, python, uv, lock))
    text = without(files.read(lock), draft.server.replaces)
    refuse_unfit(draft.config.server, versions(text))
    # The scripts in it name its place; and a path in the lock what lies in the project, so it is as new as that.
    sources = str(draft.layout.venvs) + (trees.digest(tree) if local_paths(text) else "")
    requires = draft.server.requires(draft.config.server)
    server = _server_lock(work, requires, text, source, python, locks)
    digest = environment_digest(text, python, (server,), sources)
    return Environment(python, text, digest, draft.layout.venvs / digest[:16], requires, server)


def _server_lock(
    work: Work, requires: tuple[str, ...], text: str, source: Path, python: Interpreter, locks: Path
) -> str:
    """Return the lock of the server, without what the project's lock `text` has anyhow.

    Most need nothing but themselves, and come with their hashes: no resolver is asked, whom a deploy would wait for.
    """
    ready = hashed(requires)
    if ready:
        return ready
    lock = locks / f"server-{environment_digest(text, python, requires)}.txt"
    if not lock.exists():
        work.do(*server_lock_steps(requires, text, source, python, tools.uv(), lock))
    return without(files.read(lock), versions(text))


def _python(work: Work, draft: Draft, uv: str) -> Interpreter:
    """The interpreter that uncork runs on if it can be, else one that the project asks for and the account reaches.

    Raises UsageError, which names all that were looked at, if there is none.
    """
    account, wanted = work.account, draft.project.requires_python
    if draft.apache:
        return _of_module(draft.apache.python, wanted, pythons.interpreters(uv))
    seen: list[Interpreter] = []
    for interpreter in pythons.interpreters(uv):
        seen.append(interpreter)
        if fits(interpreter, wanted) and (not account or processes.reachable(interpreter.path, account)):
            return interpreter
    return choose(seen, wanted, frozenset())


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
