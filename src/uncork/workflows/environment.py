"""Find or make the virtual environment that a release runs in: what its project needs, and its server."""

from pathlib import Path

from uncork.machine import files, processes, pythons, tools, trees
from uncork.model import Interpreter
from uncork.plan import File
from uncork.project.requirements import environment_digest, local_paths, lock_steps, manifest_digest, without
from uncork.recipes import build
from uncork.recipes.build import Draft, Environment
from uncork.recipes.python import choose, fits
from uncork.workflows.work import Work


def environment_for(work: Work, draft: Draft, tree: trees.Tree) -> Environment:
    """Return the environment, made now unless an earlier release has the same."""
    source = draft.layout.source(draft.number)
    environment = described(work, draft, tree, source, draft.layout.locks)
    lock = draft.directory / "requirements.txt"
    work.do(File(lock, environment.lock))
    if not environment.complete.exists():
        work.do(*build.environment_steps(environment, tools.uv(), source, lock))
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
    # The scripts in it name its place; and a path in the lock what lies in the project, so it is as new as that.
    sources = str(draft.layout.venvs) + (trees.digest(tree) if local_paths(text) else "")
    requires = draft.server.requires(draft.config.server)
    digest = environment_digest(text, python, requires, sources)
    return Environment(python, text, digest, draft.layout.venvs / digest[:16], requires)


def _python(work: Work, draft: Draft, uv: str) -> Interpreter:
    """The interpreter that uncork runs on if it can be, else one that the project asks for and the account reaches.

    Raises UsageError, which names all that were looked at, if there is none.
    """
    account, wanted = work.account, draft.project.requires_python
    seen: list[Interpreter] = []
    for interpreter in pythons.interpreters(uv):
        seen.append(interpreter)
        if fits(interpreter, wanted) and (not account or processes.reachable(interpreter.path, account)):
            return interpreter
    return choose(seen, wanted, frozenset())
