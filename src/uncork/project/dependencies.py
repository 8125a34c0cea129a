"""Where a project's dependencies are written down, and what they are."""

import configparser
from collections.abc import Iterator, Mapping

from uncork.errors import UsageError
from uncork.model import AppTarget, Dependencies, Source
from uncork.project import pins, pipfile, poetry
from uncork.project.brought import without_brought
from uncork.project.distributions import distribution_for, normalised
from uncork.project.imports import imports
from uncork.project.manifests import inside, section, string, strings, table, tables

PYPROJECT = "pyproject.toml"


def dependencies(texts: Mapping[str, str], target: AppTarget) -> Dependencies:
    """Return where the dependencies come from: the first that exists, best first (see `Source`).

    `requirements` is the whole lock where the file is one that needs no resolver (hashed pins, Pipfile.lock,
    poetry.lock), what the resolver is asked for where that is no file of its own, and empty otherwise.
    A file beside the app's module counts where the tree itself has none. uncork is left out, wherever it is asked for.
    Raises UsageError for a file that can't be read, and for a uv.lock that is older than its pyproject.toml.
    """
    for folder in ("", *(f"{f}/" for f in target.search if f)):
        for found in _stated(texts, folder):
            return without_brought(texts, found)
    return _traced(texts, target)


def own_name(texts: Mapping[str, str], folder: str = "") -> str:
    """Return the normalised name of the project's own distribution, empty if it has none."""
    values = table(texts, f"{folder}{PYPROJECT}")
    names = (
        string(inside(values, "project"), "name"),
        string(inside(values, "tool", "poetry"), "name"),
        _setup(texts, folder).get("metadata", "name", fallback=""),
    )
    return normalised(next((name for name in names if name), ""))


def _stated(texts: Mapping[str, str], folder: str) -> Iterator[Dependencies]:
    """Yield what the files in a folder state, best first."""
    for name, read in (
        ("uv.lock", _uv_lock),
        ("requirements.txt", _pinned),
        ("requirements.in", _unpinned),
        ("requirements.txt", _unpinned),
        (PYPROJECT, _pyproject),
        ("Pipfile.lock", _pipfile_lock),
        ("poetry.lock", _poetry_lock),
        ("Pipfile", _pipfile),
        (PYPROJECT, _poetry),
        ("setup.cfg", _setup_cfg),
    ):
        if f"{folder}{name}" in texts and (found := read(texts, f"{folder}{name}")):
            yield found


def _uv_lock(texts: Mapping[str, str], path: str) -> Dependencies:
    manifest = path.replace("uv.lock", PYPROJECT)
    project = section(texts, manifest, "project")
    known = {normalised(string(package, "name")) for package in tables(table(texts, path), "package")}
    asked = (pins.entries(line)[0].name for line in strings(project, "dependencies"))
    if missing := sorted({name for name in asked if name} - known):
        raise UsageError(
            f"{path} is older than {manifest}: {', '.join(missing)} is not in it",
            "run `uv lock`, and deploy again",
        )
    return Dependencies(Source.UV_LOCK, tuple(p for p in (path, manifest) if p in texts))


def _pinned(texts: Mapping[str, str], path: str) -> Dependencies | None:
    found = pins.requirements(texts, path)
    asked = [entry for entry in found if entry.requirement]
    if not asked or not all(_is_pin(entry) for entry in found):
        return None
    files = pins.included(texts, path)
    if not all(entry.hashed for entry in asked):
        note = f"{path} has no hashes: they, and what its pins require beside them, are looked up"
        return Dependencies(Source.PINNED, files, (note,))
    kept = (entry for entry in found if entry.option not in pins.CONSTRAINTS)
    whole = tuple(line for entry in kept for line in entry.lines)
    return Dependencies(Source.PINNED, files, requirements=whole)


def _unpinned(texts: Mapping[str, str], path: str) -> Dependencies | None:
    found = pins.requirements(texts, path)
    folder = path.rpartition("requirements.")[0]
    if not any(entry.requirement or entry.option in pins.INCLUDES for entry in found):
        return None
    if any(_is_debians(entry) for entry in found):
        kept = tuple(entry.text for entry in found if not _is_debians(entry))
        note = f"{path} names pkg-resources, which Debian's pip wrote by mistake; it is left out"
        return Dependencies(Source.REQUIREMENTS_TXT, pins.included(texts, path), (note,), kept)
    source = Source.REQUIREMENTS_IN if path.endswith(".in") else Source.REQUIREMENTS_TXT
    files = pins.included(texts, path)
    own = own_name(texts, folder) if any(entry.itself for entry in found) else ""
    if not own:
        return Dependencies(source, files)
    manifest = f"{folder}{PYPROJECT}"
    return Dependencies(source, (*files, manifest) if manifest in texts else files, omit=(own,))


def _is_pin(entry: pins.Entry) -> bool:
    """Whether an entry leaves nothing open: neither a version nor a file that could not be read."""
    return (entry.pinned and not _is_debians(entry)) if entry.requirement else entry.option not in pins.INCLUDES


def _is_debians(entry: pins.Entry) -> bool:
    """Whether it is the line that `pip freeze` wrote on Debian and Ubuntu (https://bugs.launchpad.net/bugs/1635463)."""
    return entry.name == "pkg-resources" and entry.version == "0.0.0"


def _pyproject(texts: Mapping[str, str], path: str) -> Dependencies | None:
    project = section(texts, path, "project")
    stated = "dependencies" in project or "dependencies" in strings(project, "dynamic")
    # A lock of Poetry's beside it is the lock of this very file, and is read in its turn.
    locked = path.replace(PYPROJECT, "poetry.lock") in texts
    return Dependencies(Source.PYPROJECT, (path,)) if stated and not locked else None


def _pipfile_lock(texts: Mapping[str, str], path: str) -> Dependencies:
    return Dependencies(Source.PIPFILE_LOCK, (path,), requirements=pipfile.locked(texts, path))


def _poetry_lock(texts: Mapping[str, str], path: str) -> Dependencies:
    files = tuple(p for p in (path, path.replace("poetry.lock", PYPROJECT)) if p in texts)
    return Dependencies(Source.POETRY_LOCK, files, requirements=poetry.locked(texts, path))


def _pipfile(texts: Mapping[str, str], path: str) -> Dependencies | None:
    asked = pipfile.wanted(texts, path)
    return Dependencies(Source.PIPFILE, (path,), requirements=asked) if asked else None


def _poetry(texts: Mapping[str, str], path: str) -> Dependencies | None:
    asked = poetry.wanted(texts, path.removesuffix(PYPROJECT))
    return Dependencies(Source.PYPROJECT, (path,), requirements=asked) if asked else None


def _setup_cfg(texts: Mapping[str, str], path: str) -> Dependencies | None:
    lines = _setup(texts, path.removesuffix("setup.cfg")).get("options", "install_requires", fallback="")
    asked = tuple(line.strip() for line in lines.splitlines() if line.strip())
    return Dependencies(Source.SETUP_CFG, (path,), requirements=asked) if asked and "file:" not in lines else None


def _setup(texts: Mapping[str, str], folder: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    path = f"{folder}setup.cfg"
    try:
        parser.read_string(texts.get(path, ""), path)
    except configparser.Error as error:
        raise UsageError(f"{path} can't be read: {error}", f"mend {path}") from error
    return parser


def _traced(texts: Mapping[str, str], target: AppTarget) -> Dependencies:
    needed = imports(texts, target, optional=False)
    without = sorted(set(imports(texts, target)) - set(needed))
    where = ", ".join(f"{distribution_for(module)} ({place})" for module, place in needed.items())
    notes = [f"no file says what the project depends on; traced from its imports: {where or 'nothing'}"]
    if without:
        notes.append(f"imported only where it is there, so left out: {', '.join(without)}")
    if needed:
        notes.append("write it down once with `uncork lock -o requirements.txt`")
    asked = tuple(dict.fromkeys(distribution_for(module) for module in needed))
    return Dependencies(Source.IMPORTS, tuple(dict.fromkeys(p.path for p in needed.values())), tuple(notes), asked)
