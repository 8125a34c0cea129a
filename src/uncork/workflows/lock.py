"""Lock what a project needs, exactly and with hashes; and say what is held that it does not use."""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from uncork.apply import apply
from uncork.config import load
from uncork.errors import StepFailedError, UsageError, UserError
from uncork.machine import commands, files, pythons, tools, trees
from uncork.model import AppTarget, Dependencies, Interpreter, Project, Source
from uncork.plan import File, Plan, Run, Step
from uncork.project import requirements
from uncork.project.dependencies import dependencies
from uncork.project.detect import detect
from uncork.project.imports import imports
from uncork.project.pins import entries
from uncork.project.python import requires_python
from uncork.project.unused import never_imported, unused
from uncork.recipes.python import choose
from uncork.report import Silent

NO_APP = AppTarget("", "")
_HEADER = "# The dependencies of this project alone, locked by `uncork lock` from {source}.\n"


@dataclass(frozen=True)
class LockReport:
    """The lock of a project, and what was found on the way.

    `source` is where the dependencies are written down, `versions` are those of the lock by name. `unused` is what the
    environment holds and the lock does not, `removable` what the lock holds and no import leads to.
    """

    text: str
    source: str
    versions: Mapping[str, str]
    output: str | None = None
    unused: tuple[str, ...] = ()
    removable: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def lock(
    project: Path,
    output: Path | None = None,
    from_environment: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> LockReport:
    """Return the exact, hashed lock of the project in that folder, and write it to `output` if that is given.

    With `from_environment` the versions of that virtual environment are kept wherever the project lets the resolver
    choose. `environ` is where FLASK_APP may stand (default: the process environment). Raises UsageError where the
    project is not clear, UserError with the resolver's own words where there is no such lock.
    """
    tree = trees.read(project)
    found = _project(tree, os.environ if environ is None else environ)
    uv = tools.uv()
    held = _held(from_environment, uv) if from_environment else {}
    python = _python(found, from_environment, uv)
    text = _locked(found.dependencies, tree.root, python, uv, held)
    if output:
        _carry_out(File(output, text))
    removable = _removable(found, tree, text)
    return LockReport(
        text=text,
        source=found.dependencies.source.value,
        versions=requirements.versions(text),
        output=str(output) if output else None,
        unused=tuple(f"{name}=={held[name]}" for name in unused(held, requirements.versions(text))),
        removable=removable,
        notes=(*tree.notes, *found.dependencies.notes, *_notes(found.dependencies, removable, asked=bool(held))),
    )


def _project(tree: trees.Tree, environ: Mapping[str, str]) -> Project:
    """Return what the project is; where only its app can't be told, what depends on the app is left empty."""
    config = load(tree.texts, "production", tree.root.name)
    try:
        return detect(tree.texts, config, {**tree.environment, **environ})
    except UserError:
        stated = dependencies(tree.texts, NO_APP)
        if stated.source is Source.IMPORTS:
            raise
        return Project(NO_APP, stated, requires_python(tree.texts))


def _locked(dependencies: Dependencies, root: Path, python: Interpreter, uv: str, held: Mapping[str, str]) -> str:
    with tempfile.TemporaryDirectory(prefix="uncork-") as folder:
        to = Path(folder, "requirements.txt")
        limits = Path(folder, "constraints.txt") if held and _is_open(dependencies) else None
        if limits:
            _carry_out(File(limits, "".join(f"{name}=={version}\n" for name, version in held.items())))
        _carry_out(*requirements.lock_steps(dependencies, root, python, uv, to, limits))
        return _HEADER.format(source=dependencies.source.value) + requirements.tidy(files.read(to))


def _carry_out(*steps: Step) -> None:
    try:
        apply(Plan(steps), None, Silent())
    except StepFailedError as error:
        fix = "mend what is named, or give the machine a way to the package index, and run it again"
        raise UserError(f"could not {error.why}: {error.reason}", fix, error.output) from error


def _is_open(dependencies: Dependencies) -> bool:
    """Whether the versions are still to be chosen: neither a lock nor pins have."""
    chosen = {Source.UV_LOCK, Source.PINNED, Source.PIPFILE_LOCK, Source.POETRY_LOCK}
    return dependencies.source not in chosen


def _held(environment: Path, uv: str) -> Mapping[str, str]:
    """Return what a virtual environment holds, by normalised name; what has no version of an index's is left out."""
    python = environment / "bin" / "python"
    if not python.exists():
        raise UsageError(f"{environment} is no virtual environment", "give the folder that has bin/python in it")
    step = Run((uv, "pip", "freeze", "--quiet", "--python", str(python)), "list what the environment holds")
    try:
        frozen = commands.run(step, None)
    except StepFailedError as error:
        raise UserError(f"could not {error.why}: {error.reason}", "see the words of uv", error.output) from error
    return {name: version for name, version in requirements.versions(frozen).items() if "/" not in version and version}


def _python(project: Project, environment: Path | None, uv: str) -> Interpreter:
    """Return the interpreter of the environment that is given, else the one that a deploy by this user would take."""
    if environment:
        path = str(environment / "bin" / "python")
        printed = commands.run(Run((path, "-c", "import platform; print(platform.python_version())"), "ask it"), None)
        return Interpreter(path, printed.strip())
    found = tuple(pythons.interpreters(uv))
    return choose(found, project.requires_python, frozenset(i.path for i in found))


def _removable(project: Project, tree: trees.Tree, text: str) -> tuple[str, ...]:
    """Return what a requirements file asks for that no import leads to; other files are not written by `pip freeze`."""
    if project.target == NO_APP:
        return ()
    lists = [name for name in project.dependencies.files if name.endswith((".txt", ".in"))]
    stated = {entry.name for name in lists for entry in entries(tree.texts[name]) if entry.requirement}
    held = stated & set(requirements.versions(text))
    return never_imported(held, imports(tree.texts, project.target), requirements.requires(text))


def _notes(dependencies: Dependencies, removable: tuple[str, ...], *, asked: bool) -> tuple[str, ...]:
    notes = []
    if asked and not _is_open(dependencies):
        notes.append(f"{dependencies.source.value} decides the versions, not the environment")
    if removable:
        notes.append(f"never imported, nor needed by what is, so it can be removed: {', '.join(removable)}")
    return tuple(notes)
