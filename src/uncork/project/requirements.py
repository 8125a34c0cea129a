"""Locked requirements: the steps that make a lock, what it holds, and the hashes that it is kept by."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from uncork.model import Dependencies, Interpreter, Source
from uncork.plan import Directory, File, Link, Remove, Run, Step
from uncork.project.distributions import normalised
from uncork.project.manifests import inside, table
from uncork.project.pins import Entry, entries

WHY: Final = "lock its dependencies"
WHY_SERVER: Final = "lock its server"
_TIMEOUT: Final = 600.0
_READY: Final = frozenset({Source.PINNED, Source.PIPFILE_LOCK, Source.POETRY_LOCK})
_COMPILE: Final = ("pip", "compile", "--quiet", "--generate-hashes", "--no-header")
_EXPORT: Final = ("export", "--quiet", "--frozen", "--no-dev", "--no-emit-project", "--no-editable", "--no-header")


def lock_steps(
    dependencies: Dependencies, source: Path, python: Interpreter, uv: str, to: Path, constraints: Path | None = None
) -> tuple[Step, ...]:
    """Return the steps that write the lock to `to`; `tidy` or `without` is to be applied to what they wrote.

    uv runs in `source`, so that the project's own [tool.uv] and uv.toml hold, as do the user's UV_ variables. A lock
    that needs no resolver is written as it is. `constraints` is a requirements file that limits the versions.
    What uv writes is linked to `to` when it is whole: a full disk or a kill leaves no half lock that looks like one.
    """
    if is_ready(dependencies):
        whole = "\n".join(dependencies.requirements) + "\n"
        return (File(to, _pruned(whole, dependencies.brought), why=WHY),)
    if dependencies.source is Source.UV_LOCK:
        folder = dependencies.files[0].rpartition("/")[0]
        options = (*_each("--project", (folder,) if folder else ()), *_each("--prune", dependencies.brought))
        here = () if python.platform else _python(python)  # what is exported holds for all platforms
        return _made((uv, *_EXPORT, *here, *options), (), source, to)
    asked, never = _asked(dependencies, to), _never(dependencies, to)
    names = tuple(str(step.path) for step in asked) or dependencies.files[:1]
    options = (
        *_each("--constraints", (str(constraints),) if constraints else ()),
        *_each("--no-emit-package", dependencies.omit),
        *_each("--overrides", tuple(str(step.path) for step in never)),
    )
    return (*asked, *never, *_made((uv, *_COMPILE, *_python(python), *options), names, source, to))


def server_lock_steps(
    requires: Iterable[str], lock: str, source: Path, python: Interpreter, uv: str, to: Path
) -> tuple[Step, ...]:
    """Return the steps that lock a server and all that it needs to `to`, with the versions that the project's lock has.

    The project's lock stays as it is: where the two can't go together the resolver says so.
    """
    asked = File(to.with_name(f"{to.name}.in"), "".join(f"{line}\n" for line in requires))
    held = "".join(f"{name}=={version}\n" for name, version in versions(lock).items() if "/" not in version)
    limits = File(to.with_name(f"{to.name}.limits"), held)
    argv = (uv, *_COMPILE, *_python(python), "--constraints", str(limits.path))
    return (asked, limits, *_made(argv, (str(asked.path),), source, to, WHY_SERVER))


def is_ready(dependencies: Dependencies) -> bool:
    """Whether the project brings a lock that needs no resolver."""
    return dependencies.source in _READY and bool(dependencies.requirements)


def manifest_digest(texts: Mapping[str, str], dependencies: Dependencies, python: Interpreter) -> str:
    """Return the SHA-256 of all that decides a lock: it is kept under it, and made anew when it changes.

    Of pyproject.toml only what decides counts, and for a lock that was traced the imports, not the source.
    """
    stated = {path: _deciding(texts, path) for path in dependencies.files if dependencies.source is not Source.IMPORTS}
    settings = {path: inside(table(texts, path), *keys) for path, keys in _SETTINGS.items()}
    for_whom = [python.version, *filter(None, (python.platform,))]
    return _sha256(
        [dependencies.source.value, stated, settings, dependencies.requirements, dependencies.omit, *for_whom]
    )


def environment_digest(lock: str, python: Interpreter, requires: Iterable[str], sources: str = "") -> str:
    """Return the SHA-256 that names the environment made from a lock, an interpreter and a server's requirements.

    Comments don't count. `sources` is the digest of the tree where `local_paths` are in the lock, since those are
    built from it.
    """
    wanted = [" ".join(line.strip() for line in entry.lines if not _is_comment(line)) for entry in entries(lock)]
    return _sha256([sorted(wanted), python.path, python.version, sorted(requires), sources])


def versions(lock: str) -> Mapping[str, str]:
    """Return the version of each distribution in a lock, by its normalised name; for one from a URL, the URL."""
    return {entry.name: entry.version or entry.value for entry in entries(lock) if entry.name and entry.requirement}


def local_paths(lock: str) -> tuple[str, ...]:
    """Return the files and folders of the project that a lock installs from."""
    return tuple(entry.value for entry in entries(lock) if entry.local)


def requires(lock: str) -> Mapping[str, tuple[str, ...]]:
    """Return what each distribution requires, as far as the comments of the resolver (`# via flask`) tell."""
    found: dict[str, list[str]] = {}
    for entry in entries(lock):
        for parent in _via(entry) if entry.name else ():
            found.setdefault(parent, []).append(entry.name)
    return {name: tuple(children) for name, children in found.items()}


def without(lock: str, names: Iterable[str]) -> str:
    """Return the lock, tidied, without some distributions (those that the server stands for)."""
    left_out = {normalised(name) for name in names}
    return _text(entry for entry in entries(lock) if entry.name not in left_out)


def tidy(lock: str) -> str:
    """Return the lock as it is kept: with nothing editable, since a release never changes, and no path of a machine."""
    return without(lock, ())


def _pruned(lock: str, names: Iterable[str]) -> str:
    """Return the lock without some distributions, and without what only they require, as far as its comments tell."""
    lines = entries(lock)
    gone, before = set(names), set[str]()
    while gone != before:
        before = set(gone)
        gone |= {e.name for e in lines if e.name and (words := _words(e)) and {normalised(w) for w in words} <= gone}
    return "".join(f"{line}\n" for entry in lines if entry.name not in gone for line in entry.lines)


def _text(kept: Iterable[Entry]) -> str:
    return "".join(f"{line}\n" for entry in kept for line in _lines(entry))


def _lines(entry: Entry) -> tuple[str, ...]:
    lines = tuple(_relative(line) if _is_comment(line) else line for line in entry.lines)
    if not entry.editable:
        return lines
    return (lines[0].lstrip().removeprefix(entry.option).lstrip(" =\t"), *lines[1:])


def _relative(comment: str) -> str:
    """Return a `# via -r /home/me/x.in` without the folder."""
    before, found, path = comment.partition("-r /")
    return f"{before}-r {path.rpartition('/')[2]}" if found else comment


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")


def _via(entry: Entry) -> tuple[str, ...]:
    return tuple(normalised(word) for word in _words(entry) if not word.startswith("-") and " " not in word)


def _words(entry: Entry) -> tuple[str, ...]:
    """Return who asks for an entry, in the comments' words: names of distributions, or files."""
    words = (line.strip().lstrip("#").strip().removeprefix("via").strip() for line in entry.lines if _is_comment(line))
    return tuple(word for word in words if word)


def _asked(dependencies: Dependencies, to: Path) -> tuple[File, ...]:
    """Return the file for the resolver, where what it is asked for is no file of the project."""
    if not dependencies.requirements and dependencies.files and dependencies.source is not Source.IMPORTS:
        return ()
    return (File(to.with_name(f"{to.name}.in"), "".join(f"{line}\n" for line in dependencies.requirements)),)


def _never(dependencies: Dependencies, to: Path) -> tuple[File, ...]:
    """Return the file that tells the resolver what it is never to take, whoever asks for it."""
    lines = "".join(f"{name} ; python_version < '0'\n" for name in dependencies.brought)
    return (File(to.with_name(f"{to.name}.never"), lines),) if lines else ()


def _made(argv: tuple[str, ...], files: tuple[str, ...], source: Path, to: Path, why: str = WHY) -> tuple[Step, ...]:
    made = to.with_name(f".{to.name}.made")
    run = Run((*argv, "--output-file", str(made), *files), why, _TIMEOUT, source)
    return (Directory(to.parent), Remove(made), run, Link(to, made.name))


def _each(option: str, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part for value in values for part in (option, value))


def _python(python: Interpreter) -> tuple[str, ...]:
    if python.platform:
        return ("--python-platform", python.platform, "--python-version", python.version)
    return ("--python", python.path)


# Where uv's own settings are: they choose the index.
_SETTINGS: Final = {"pyproject.toml": ("tool", "uv"), "uv.toml": ()}


def _deciding(texts: Mapping[str, str], path: str) -> object:
    if not path.endswith("pyproject.toml"):
        return texts[path]
    project = inside(table(texts, path), "project")
    if project.get("dynamic"):
        return texts[path]
    keys = ("name", "dependencies", "requires-python")
    return {k: project.get(k) for k in keys} | inside(table(texts, path), "tool", "poetry", "dependencies")


def _sha256(parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode(errors="surrogatepass")).hexdigest()
