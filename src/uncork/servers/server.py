"""What a contributor writes to add a server: one class, in one file, with its template beside it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from uncork.model import Protocol, Service, Worker
from uncork.plan import File


@dataclass(frozen=True)
class Build:
    """What a server needs to know of one release. Sizes are in bytes, times in seconds.

    `directory` is the release's folder: it holds `run.py` (which defines `application`), the server's config and
    `source/`. `run_directory` variables are not here: an instance's own folder is in UNCORK_RUN when it starts.
    `frameworks` are modules of the app's that a server may import once, before it forks its workers.
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


class Server(ABC):
    """A WSGI server that accepts on file descriptor 3 and finishes its requests when it is asked to stop."""

    name: ClassVar[str]
    speaks: ClassVar[Protocol]
    requires: ClassVar[tuple[str, ...]]
    """Pinned requirements, installed beside the project's lock in the release's environment."""
    replaces: ClassVar[tuple[str, ...]]
    """Distributions (normalised names) that are taken out of a project's lock, since `requires` stands for them."""

    @abstractmethod
    def service(self, build: Build) -> Service:
        """How the server is started and stopped."""

    @abstractmethod
    def files(self, build: Build) -> tuple[File, ...]:
        """The server's config files, in the release's folder."""

    @abstractmethod
    def workers(self, stats: str) -> tuple[Worker, ...]:
        """The workers, read from what the server's stats socket (`stats.sock` in UNCORK_RUN) wrote; none if empty."""
