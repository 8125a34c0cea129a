"""What a contributor writes to add a server: one class, in one file, with its template beside it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Final

from uncork.apache import Apache
from uncork.model import Worker
from uncork.plan import File
from uncork.serving import PROCESSES, Protocol, ServerSettings, Service


@dataclass(frozen=True)
class Alone:
    """Where a release runs that uncork only wrote the files of: nothing of uncork's own is beside it.

    `socket` is what it binds by itself, a path or `host:port`; empty where it is passed on, as systemd does. `run` is
    the folder for its pid file and the like. `daemon`: it goes into the background by itself.
    """

    socket: str
    run: Path
    daemon: bool = False

    @property
    def tcp(self) -> bool:
        """Whether the socket is a port."""
        return bool(self.socket) and not self.socket.startswith("/")


@dataclass(frozen=True)
class Build:
    """What a server needs to know of one release. Sizes are in bytes, times in seconds.

    `directory` is the release's folder: it holds `run.py` (which defines `application`), the server's config and
    `source/`; an instance's own folder is in UNCORK_RUN when it starts.
    `frameworks` are modules of the app's that a server may import once, before it forks its workers. `snippet` is what
    the project adds to the server's config, `template` what it has in place of ours. `alone` is for a release that
    runs without uncork: `run.py` is then plain, and there is neither `uncork_runtime/` nor UNCORK_RUN. `max_body` is
    the largest request by the app's own word.
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
    alone: Alone | None = None
    apache: Apache | None = None
    max_body: int | None = None


BEHIND: Final = ("nginx", "system-nginx", "apache")


class Server(ABC):
    """A WSGI server that finishes its requests when it is asked to stop; it accepts on file descriptor 3, if it can."""

    name: ClassVar[str]
    replaces: ClassVar[tuple[str, ...]]
    """Distributions (normalised names) that are taken out of a project's lock, since `requires` stands for them."""
    leave_signal: ClassVar[str] = "TERM"
    """At which a process that answers requests takes no more, finishes, and ends; another one comes in its place."""
    tells: ClassVar[bool] = False
    """Whether it has a stats socket, by which it tells of its workers."""
    watches: ClassVar[bool] = False
    """Whether it ends a request that takes too long, and logs what failed, by itself; else the runtime does."""
    forks: ClassVar[bool] = True
    """Whether the processes that answer are children of the one that was started; else it is that one, and alone."""
    threads: ClassVar[int] = 1
    """How many threads answer in each process, where the config does not say."""
    fronted: ClassVar[bool] = False
    """Whether it does not tell the app who asks, though what it speaks would: the runtime does, by X-Real-IP."""
    notifies: ClassVar[bool] = False
    """Whether it says by itself that it is up (sd_notify(3))."""
    daemonizes: ClassVar[bool] = False
    """Whether it can go into the background by itself, and begins anew at SIGHUP."""
    title: ClassVar[str] = ""
    """What the command lines of the processes that answer begin with, where its master has other children too."""
    needs_apache: ClassVar[bool] = False
    """Whether it is made of the system's Apache, with its module, which can't be installed beside the project."""
    template: ClassVar[str] = ""
    """Its template that a project may have another one in place of, by this name in its `uncork/`; empty: none."""
    snippet: ClassVar[str] = ""
    """The file in a project's `uncork/` that is added to its config as it is; empty: none."""

    @abstractmethod
    def requires(self, settings: ServerSettings) -> tuple[str, ...]:
        """What is installed beside the project's lock, as lines of requirements.

        Where each is pinned and has its hashes, it is a lock already; else it is locked within the project's versions.
        """

    def speaks(self, settings: ServerSettings) -> Protocol:  # noqa: ARG002 -- most have one way
        """What it speaks on its socket."""
        return Protocol.HTTP

    def fronts(self, settings: ServerSettings) -> tuple[str, ...]:  # noqa: ARG002 -- most don't face the world
        """The fronts (by name) that it can stand behind, first the one it stands behind if nobody says."""
        return BEHIND

    def check(self, settings: ServerSettings, processes: int | None, threads: int | None) -> None:  # noqa: B027
        """Raise UsageError where it can't be run as the config says."""

    def is_told(self, settings: ServerSettings) -> bool:
        """Whether header fields alone tell the app who asks."""
        return self.fronted or self.speaks(settings) is Protocol.HTTP

    @abstractmethod
    def command(self, build: Build) -> tuple[str, ...]:
        """The command that runs it in the foreground."""

    def service(self, build: Build) -> Service:
        """How it is started and stopped: SIGTERM lets requests finish, at SIGWINCH it opens its log again.

        How many processes it has is said by its environment alone, so that a release can be scaled.
        """
        return Service(
            argv=self.command(build),
            directory=str(build.directory / "source"),
            speaks=self.speaks(build.settings),
            env=() if build.alone else ((PROCESSES, str(build.processes)),),
            stop_signal="TERM",
            stop_seconds=build.drain,
            reopen_signal="WINCH",
            notifies=self.notifies,
        )

    @abstractmethod
    def files(self, build: Build) -> tuple[File, ...]:
        """The server's config files, in the release's folder."""

    def workers(self, stats: str) -> tuple[Worker, ...]:  # noqa: ARG002 -- most have no such socket
        """The workers, read from what the server's stats socket (`stats.sock` in UNCORK_RUN) wrote; none if empty."""
        return ()

    def is_idle(self, stats: str) -> bool:  # noqa: ARG002 -- most never are
        """Whether, by what its stats socket wrote, no process of it answers until the next request comes."""
        return False
