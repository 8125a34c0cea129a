"""What a contributor writes to add a server: one class, in one file, with its template beside it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from uncork.model import Worker
from uncork.plan import File
from uncork.serving import Protocol, ServerSettings, Service


@dataclass(frozen=True)
class Build:
    """What a server needs to know of one release. Sizes are in bytes, times in seconds.

    `directory` is the release's folder: it holds `run.py` (which defines `application`), the server's config and
    `source/`. `run_directory` variables are not here: an instance's own folder is in UNCORK_RUN when it starts.
    `frameworks` are modules of the app's that a server may import once, before it forks its workers. `snippet` is what
    the project adds to the server's config, `template` what it has in place of ours.
    """

    app: str
    release: int
    directory: Path
    venv: Path
    log: Path
    processes: int
    threads: int
    worker_memory: int
    request_timeout: float
    drain: float
    backlog: int
    frameworks: tuple[str, ...] = ()
    settings: ServerSettings = field(default_factory=ServerSettings)
    snippet: str = ""
    template: str = ""


class Server(ABC):
    """A WSGI server that finishes its requests when it is asked to stop; it accepts on file descriptor 3, if it can."""

    name: ClassVar[str]
    replaces: ClassVar[tuple[str, ...]]
    """Distributions (normalised names) that are taken out of a project's lock, since `requires` stands for them."""

    template: ClassVar[str] = ""
    """Its template that a project may have another one in place of, by this name in its `uncork/`; empty: none."""
    snippet: ClassVar[str] = ""
    """The file in a project's `uncork/` that is added to its config as it is; empty: none."""

    @abstractmethod
    def requires(self, settings: ServerSettings) -> tuple[str, ...]:
        """Pinned requirements, installed beside the project's lock in the release's environment."""

    @abstractmethod
    def speaks(self, settings: ServerSettings) -> Protocol:
        """What it speaks on its socket."""

    @abstractmethod
    def fronts(self, settings: ServerSettings) -> tuple[str, ...]:
        """The fronts (by name) that it can stand behind, first the one it stands behind if nobody says."""

    @abstractmethod
    def check(self, settings: ServerSettings, processes: int | None, threads: int | None) -> None:
        """Raise UsageError where it can't be run as the config says."""

    @abstractmethod
    def service(self, build: Build) -> Service:
        """How the server is started and stopped."""

    @abstractmethod
    def files(self, build: Build) -> tuple[File, ...]:
        """The server's config files, in the release's folder."""

    @abstractmethod
    def workers(self, stats: str) -> tuple[Worker, ...]:
        """The workers, read from what the server's stats socket (`stats.sock` in UNCORK_RUN) wrote; none if empty."""
