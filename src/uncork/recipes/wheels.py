"""Which wheels an environment on another machine is made of, as uv lists them for it; and what has none is told."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import unquote, urlsplit

from uncork.config.text import Table
from uncork.errors import UsageError
from uncork.model import Interpreter
from uncork.plan import File, Remove, Run, Step
from uncork.project.manifests import inside, string, table, tables
from uncork.project.pins import Entry, entries

LIST: Final = "pylock.toml"
TIMEOUT: Final = 600.0
_COMPILE: Final = ("pip", "compile", "--quiet", "--no-deps", "--no-header")
_TAGS: Final = re.compile(r"-(?:cp|py)(\d+)[^-]*-[^-]+-([^-]+)\.whl$")
_MANYLINUX: Final = re.compile(r"manylinux_2_(\d+)")
_HASH: Final = re.compile(r"sha256:([0-9a-f]{64})")


@dataclass(frozen=True)
class Wheel:
    """A wheel as an index has it: its file's name, where it is (a URL, or a path), its SHA-256 (hex)."""

    name: str
    where: str
    sha256: str


def list_steps(lock: str, python: Interpreter, uv: str, source: Path, folder: Path) -> tuple[Step, ...]:
    """Return the steps that write LIST to a folder: where each distribution of a lock is, for that Python.

    uv runs in `source`, so that the project's own settings hold.
    """
    asked = "".join(f"{line}\n" for entry in entries(lock) if not _apart(entry) for line in entry.lines)
    where = ("--python-platform", python.platform, "--python-version", python.version)
    argv = (uv, *_COMPILE, *where, "--output-file", str(folder / LIST), str(folder / "asked.txt"))
    run = Run(argv, "find its packages", TIMEOUT, source)
    return (File(folder / "asked.txt", asked), Remove(folder / LIST), run)


def chosen(listed: str, lock: str, machine: str) -> tuple[Wheel, ...]:
    """Return a wheel for each distribution of the lock that comes from an index: the one that fits that Python best.

    Raises UsageError, which names all that there is no wheel of: `machine`, as it is called, can build none.
    """
    hashes = {entry.name: frozenset(_HASH.findall(" ".join(entry.lines))) for entry in entries(lock)}
    found = tables(table({LIST: listed}, LIST), "packages")
    best = [(package, _best(package, hashes.get(string(package, "name"), frozenset()))) for package in found]
    sources = (f"{string(package, 'name')} {string(package, 'version')}" for package, wheel in best if not wheel)
    lacking = (*(f"{name} (there is no wheel of it that fits)" for name in sources), *_unsendable(lock))
    if lacking:
        raise UsageError(
            f"not everything that the project needs can be sent to {machine}: {', '.join(lacking)}",
            "pin a version that has a wheel; or build one (`pip wheel NAME --no-deps`), put it into the project, and "
            "name the file in the requirements: ./wheels/NAME-1.0-py3-none-any.whl",
        )
    return tuple(wheel for _, wheel in best if wheel)


def _apart(entry: Entry) -> bool:
    """Whether an entry of a lock is not the index's."""
    return entry.local or "://" in entry.value


def _unsendable(lock: str) -> Iterator[str]:
    """Yield what would be built on the machine, or fetched by it."""
    for entry in entries(lock):
        if entry.local and PurePosixPath(entry.value.partition(";")[0].strip()).suffix != ".whl":
            yield f"{entry.value} (it would have to be built)"
        elif entry.requirement and "://" in entry.value and not entry.local:
            yield f"{entry.text} (it comes from elsewhere than an index)"


def _best(package: Table, hashes: frozenset[str]) -> Wheel | None:
    """Return the wheel for the newest Python and the newest libc, among those that the lock has the hashes of."""
    wheels = tuple(_wheel(found) for found in tables(package, "wheels"))
    fitting = (wheel for wheel in wheels if not hashes or wheel.sha256 in hashes)
    return max(fitting, key=lambda wheel: _rank(wheel.name), default=None)


def _wheel(found: Table) -> Wheel:
    where = string(found, "url") or string(found, "path")
    name = string(found, "name") or unquote(PurePosixPath(urlsplit(where).path).name)
    return Wheel(name, where, string(inside(found, "hashes"), "sha256"))


def _rank(name: str) -> tuple[int, int]:
    tags = _TAGS.search(name)
    libcs = _MANYLINUX.findall(tags[2]) if tags else ()
    return (int(tags[1]) if tags else 0, max(map(int, libcs), default=0))
