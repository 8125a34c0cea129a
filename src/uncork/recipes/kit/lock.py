"""The requirements.txt of a rendered release: the project's lock and its server's, every line of it with hashes."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from uncork.model import Interpreter
from uncork.plan import File, Run, Step
from uncork.project.pins import Entry, entries

WHY: Final = "lock its server"
TIMEOUT: Final = 600.0
COMPILE: Final = ("pip", "compile", "--quiet", "--generate-hashes", "--no-header", "--no-annotate")
PROJECT: Final = "project.txt"
SERVER: Final = "server.txt"


def steps(
    lock: str, requires: Iterable[str], python: Interpreter, uv: str, folder: Path, *, windows: bool
) -> tuple[Step, ...]:
    """Return the steps that write the two parts, PROJECT and SERVER, to a folder.

    The server's own dependencies are those that the project has, where it has them. For Windows all is resolved again:
    some distributions need others there.
    """
    asked, known, server = folder / "server.in", folder / "project.in", "".join(f"{line}\n" for line in requires)
    pins = "".join(f"{entry.text}\n" for entry in _named(lock))
    compile_ = (uv, *COMPILE, "--python", python.path)
    if windows:
        argv = (*compile_, "--python-platform", "windows", "--output-file", str(folder / SERVER), str(asked))
        return (File(asked, pins + server), File(folder / PROJECT, ""), Run(argv, WHY, TIMEOUT, folder))
    limits = ("--constraints", str(known), "--output-file", str(folder / SERVER), str(asked))
    made: tuple[Step, ...] = (File(folder / PROJECT, lock),)
    if not is_hashed(lock):
        hashed = (*compile_, "--no-deps", "--output-file", str(folder / PROJECT), str(known))
        made = (Run(hashed, "find the hashes of its dependencies", TIMEOUT, folder),)
    if not server.strip():
        return (File(known, pins), *made, File(folder / SERVER, ""))
    return (File(known, pins), *made, File(asked, server), Run((*compile_, *limits), WHY, TIMEOUT, folder))


def is_hashed(lock: str) -> bool:
    """Whether every distribution of an index's has its hashes."""
    return all(entry.hashed for entry in _named(lock))


def whole(project: str, server: str) -> str:
    """Return both parts as one, each distribution once, with no comments: they tell of files that are not here."""
    ours = {entry.name for entry in _named(project)}
    kept = (*_named(project), *(entry for entry in _named(server) if entry.name not in ours))
    return "".join(f"{line}\n" for entry in sorted(kept, key=lambda entry: entry.text) for line in _lines(entry))


def _named(lock: str) -> tuple[Entry, ...]:
    """Return the distributions of a lock, without those that lie in the project."""
    return tuple(entry for entry in entries(lock) if entry.requirement and entry.name and not entry.local)


def local(lock: str) -> tuple[str, ...]:
    """Return the files and folders of the project that are installed, for which there are no hashes."""
    return tuple(entry.value for entry in entries(lock) if entry.local)


def _lines(entry: Entry) -> tuple[str, ...]:
    return tuple(line for line in entry.lines if not line.lstrip().startswith("#"))
