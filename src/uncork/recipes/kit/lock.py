"""The requirements.txt of a rendered release: the project's lock and its server's, every line of it with hashes."""

from pathlib import Path
from typing import Final

from uncork.model import Interpreter
from uncork.plan import File, Run, Step
from uncork.project.pins import Entry, entries

TIMEOUT: Final = 600.0
COMPILE: Final = ("pip", "compile", "--quiet", "--generate-hashes", "--no-header", "--no-annotate")
MADE: Final = "requirements.txt"


def steps(lock: str, server: str, python: Interpreter, uv: str, folder: Path, *, windows: bool) -> tuple[Step, ...]:
    """Return the steps that write MADE to a folder: the project's lock, with hashes where it has none yet.

    For Windows all is resolved again, with the `server`: some distributions need others there.
    """
    if not windows and is_hashed(lock):
        return (File(folder / MADE, lock),)
    how = ("--python-platform", "windows") if windows else ("--no-deps",)
    asked = "".join(f"{entry.text}\n" for entry in _named(lock + (server if windows else "")))
    argv = (uv, *COMPILE, "--python", python.path, *how, "--output-file", str(folder / MADE), "asked.in")
    return (File(folder / "asked.in", asked), Run(argv, "find the hashes of its dependencies", TIMEOUT, folder))


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
