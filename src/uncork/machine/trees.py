"""Source trees: the files of a project that a release copies, and the texts that say what the project is."""

import hashlib
import os
import re
import stat
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from uncork.errors import UsageError
from uncork.machine.checkouts import Checkout, checked_out
from uncork.machine.decoding import decoded
from uncork.machine.links import Sorted, sorted_out
from uncork.machine.walks import walked
from uncork.project.dotenv import flask_variables
from uncork.rendering import MARK

LARGEST: Final = 4 * 1024 * 1024
_TEXTS: Final = re.compile(
    r"(.*/)?([^/]+\.py|pyproject\.toml|uncork\.toml|uv\.(lock|toml)|Pipfile(\.lock)?|poetry\.lock|setup\.cfg"
    r"|\.python-version|\.flaskenv|(requirements|constraints)[^/]*\.(txt|in)|requirements/[^/]+\.(txt|in))"
    r"|uncork/[^/]+\.(j2|ini|conf|py)",
    re.DOTALL,
)
_PATTERNS: Final = frozenset({".env.example", ".env.sample", ".env.template", ".env.dist"})
_SHOWN: Final = 10
_GIVE: Final = "give the folder of the project: `uncork up PATH`"


@dataclass(frozen=True)
class Tree:
    """A project on disk: the names of the files that a release copies, and the texts among them (name -> text).

    `environment` has FLASK_APP and FLASK_DEBUG as `.env`, else `.flaskenv`, sets them. `notes` say what was left out or
    could not be read.
    """

    root: Path
    names: tuple[str, ...]
    texts: Mapping[str, str]
    environment: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read(
    root: Path, leave_out: tuple[Path, ...] = (), *, tracked: bool = False, names: tuple[str, ...] | None = None
) -> Tree:
    """Return the project in a folder; in a git checkout what git tracks or would add, else all but what tools make.

    Of a checkout only what is `tracked`, if so said; of all that is there only `names`, where somebody knows better.

    Never in it: `instance/` (data, which outlives releases), `.env` (secrets), what `uncork render` wrote, and the
    folders `leave_out` (a state directory, say). Links inside the tree count as what they point to. Raises UsageError
    where there is nothing, and for links that leave the tree, devices, sockets and pipes.
    """
    real = _root(root)
    try:
        outside = tuple(os.path.relpath(os.path.realpath(folder), real) for folder in leave_out)
        found = Checkout(names) if names is not None else checked_out(real) or Checkout(tuple(walked(real)))
        return _read(real, outside, found, found.unknown if tracked else ())
    except OSError as error:
        fix = "give the user who deploys the right to read it"
        raise UsageError(f"{error.filename} can't be read: {error.strerror}", fix) from error


def listed(root: Path, names: tuple[str, ...]) -> Tree:
    """Return a tree of which somebody else has found out, by `read`, what counts."""
    notes: list[str] = []
    texts = dict(_texts(root, names, notes))
    return Tree(root, names, texts, notes=tuple(notes))


def digest(tree: Tree) -> str:
    """Return the SHA-256 over the names, the modes as they are copied, and the contents of all files."""
    whole = hashlib.sha256()
    for name in tree.names:
        with (tree.root / name).open("rb") as file:
            mode = b"x" if os.fstat(file.fileno()).st_mode & stat.S_IXUSR else b"-"
            content = hashlib.sha256()
            while chunk := file.read(1 << 20):
                content.update(chunk)
        whole.update(os.fsencode(name) + b"\0" + mode + content.digest())
    return whole.hexdigest()


def _root(root: Path) -> Path:
    if "\0" in str(root) or not root.is_dir():
        is_file = "\0" not in str(root) and root.exists()
        raise UsageError(f"{root} is a file" if is_file else f"there is no folder {str(root)!r}", _GIVE)
    real = Path(os.path.realpath(root))
    if real == Path(real.anchor):
        raise UsageError(f"{real} is the whole machine", _GIVE)
    return real


def _read(root: Path, outside: tuple[str, ...], checkout: Checkout, unknown: Collection[str]) -> Tree:
    left = frozenset(unknown)
    listed = tuple(name for name in checkout.names if name not in left)
    data, rendered = _instances(frozenset(listed)), _rendered(root, frozenset(listed))

    def is_apart(name: str) -> bool:
        return _is_below(name, (*data, *rendered, *outside)) or _is_secret(PurePosixPath(name).name)

    found = sorted_out(root, [name for name in listed if not is_apart(name)], is_apart)
    _refuse(found)
    if not found.names:
        raise UsageError(f"{root} has no files", _GIVE)
    notes = [*checkout.notes, *found.notes]
    if unknown:
        notes.append(f"git does not know {_some(sorted(unknown))}; that stays here: `git add` what belongs to it")
    notes += [f"{folder}/ is data and is not copied: each release has its own app's, kept outside" for folder in data]
    notes += [f"{folder}/ was written by `uncork render` and is not copied" for folder in rendered]
    texts = dict(_texts(root, found.names, notes))
    return Tree(root, found.names, texts, _environment(root), tuple(notes))


def _refuse(found: Sorted) -> None:
    if found.refused:
        raise UsageError(
            f"the project holds what a release can't copy: {_some(found.refused, '; ')}",
            "put a copy of it into the project in its place, or move it out, or add it to .gitignore in a git checkout",
        )


def _some(names: Sequence[str], between: str = ", ") -> str:
    return between.join([*names[:_SHOWN], *(["..."] if len(names) > _SHOWN else [])])


def _instances(names: frozenset[str]) -> tuple[str, ...]:
    """Return the folders that Flask keeps an app's data in: `instance` in the tree, in src/, beside a lone module."""
    found: dict[str, None] = {}
    for name in sorted(names):
        parts = PurePosixPath(name).parts
        if "instance" in parts[:-1]:
            at = parts.index("instance")
            folder, above = "/".join(parts[: at + 1]), "/".join(parts[:at])
            if above in {"", "src"} or _is_beside_module(above, names):
                found[folder] = None
    return tuple(found)


def _rendered(root: Path, names: frozenset[str]) -> tuple[str, ...]:
    """Return the folders that `uncork render` wrote: each holds a copy of the project, whose app would be a second."""
    found = (name.removesuffix("/run.py") for name in sorted(names) if name.endswith("/run.py"))
    readmes = {folder: root / folder / "README.md" for folder in found if f"{folder}/README.md" in names}
    return tuple(
        folder for folder, file in readmes.items() if file.is_file() and MARK in file.read_text("utf-8", "replace")
    )


def _is_beside_module(folder: str, names: frozenset[str]) -> bool:
    package = f"{folder}/__init__.py" in names or f"{folder}/instance/__init__.py" in names
    return not package and any(n.endswith(".py") and str(PurePosixPath(n).parent) == folder for n in names)


def _is_secret(name: str) -> bool:
    return name == ".env" or (name.startswith(".env.") and name not in _PATTERNS)


def _is_below(name: str, folders: tuple[str, ...]) -> bool:
    return any(name == folder or name.startswith(f"{folder}/") for folder in folders)


def _texts(root: Path, names: tuple[str, ...], notes: list[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        if not _TEXTS.fullmatch(name):
            continue
        path = root / name
        if path.stat().st_size > LARGEST:
            notes.append(f"{name} was not read: it is larger than 4 MB")
            continue
        text, clean = decoded(path.read_bytes(), is_python=name.endswith(".py"))
        if not clean:
            notes.append(f"{name} is not in the encoding that it should be in; some characters were lost on reading")
        yield name, text


def _environment(root: Path) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name in (".flaskenv", ".env"):
        path = root / name
        if path.is_file() and os.access(path, os.R_OK) and path.stat().st_size <= LARGEST:
            found |= flask_variables(decoded(path.read_bytes())[0])
    return found
