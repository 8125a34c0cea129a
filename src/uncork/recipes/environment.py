"""The virtual environment of a release: what is in it, and how it is made."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from uncork.model import Interpreter
from uncork.plan import File, Remove, Room, Run, Step

COMPLETE: Final = "uncork-complete"
TIMEOUT: Final = 900.0


@dataclass(frozen=True)
class Environment:
    """A virtual environment by what is in it: the interpreter, the lock's text, the SHA-256 of all, the folder.

    `requires` is what is installed beside the lock, the server; `server_lock` is that with all it needs, and hashes.
    """

    python: Interpreter
    lock: str
    digest: str
    path: Path
    requires: tuple[str, ...]
    server_lock: str = ""

    @property
    def complete(self) -> Path:
        """A file that is there once all is installed: a killed deploy may leave half an environment."""
        return self.path / COMPLETE


def lock_files(environment: Environment, directory: Path) -> tuple[File, File]:
    """Return what a release keeps of its environment: the project's lock, and the server's."""
    return (
        File(directory / "requirements.txt", environment.lock),
        File(directory / "requirements-server.txt", environment.server_lock),
    )


def environment_steps(
    environment: Environment, uv: str, source: Path, locks: tuple[File, ...], wheels: Path | None = None
) -> tuple[Step, ...]:
    """Return the steps that make the virtual environment from the locks that were written there.

    It is made in its final place, since its scripts name it; the file that says it is complete comes last. Bytecode is
    compiled now: the account that serves can't write it later. No index is asked where the `wheels` are in a folder.
    """
    python = str(environment.path / "bin" / "python")
    make = (uv, "venv", "--quiet", "--no-project", "--python", environment.python.path, str(environment.path))
    install = (uv, "pip", "install", "--quiet", "--no-deps", "--compile-bytecode", "--python", python)
    given = ("--offline", "--no-index", "--find-links", str(wheels)) if wheels else ()
    return (
        Remove(environment.path),
        Run(make, "make its environment", directory=source),
        Run(
            (*install, *given, *(word for lock in locks for word in ("-r", str(lock.path)))),
            "install its dependencies",
            TIMEOUT,
            source,
        ),
        Room(environment.path),
        Remove(environment.path / ".lock"),  # uv's own, which anybody may write to
        File(environment.complete, environment.lock),
    )
