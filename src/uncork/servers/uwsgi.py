"""uWSGI, from the `pyuwsgi` wheel: a master that keeps some worker processes, each of which loads the app itself."""

from dataclasses import dataclass
from math import ceil
from typing import ClassVar, Final

from uncork.errors import UsageError
from uncork.model import Worker
from uncork.plan import File
from uncork.rendering import render_own
from uncork.servers.server import Build, Server
from uncork.serving import Protocol, ServerSettings, Service

MEGABYTE: Final = 1024 * 1024
# uWSGI looks for these in three passes over every value, after `%%` has become `%`; nothing escapes them.
EXPANDED: Final = ("$(", "@(", "%(")


@dataclass(frozen=True)
class _Worker:
    """A worker, as the stats socket tells of it; `rss` is in bytes, the first start counts as a respawn."""

    pid: int
    status: str
    requests: int
    rss: int
    respawn_count: int = 1


@dataclass(frozen=True)
class _Stats:
    """What we read of the stats socket's JSON."""

    workers: list[_Worker]


class Uwsgi(Server):
    """uWSGI 2.0, which adopts its socket as systemd would pass it."""

    name: ClassVar[str] = "uwsgi"
    replaces: ClassVar[tuple[str, ...]] = ("uwsgi", "pyuwsgi")
    template: ClassVar[str] = "uwsgi.ini.j2"
    snippet: ClassVar[str] = "uwsgi.ini"

    def requires(self, settings: ServerSettings) -> tuple[str, ...]:  # noqa: ARG002 -- the same in all its ways
        """The one wheel."""
        return ("pyuwsgi==2.0.30.post1",)

    def speaks(self, settings: ServerSettings) -> Protocol:
        """Its own protocol, unless it is told to speak HTTP to the front."""
        return Protocol.HTTP if settings.protocol == "http-socket" else Protocol.UWSGI

    def fronts(self, settings: ServerSettings) -> tuple[str, ...]:
        """Its own router is the front, where it is told to speak HTTP to the world."""
        return ("none",) if settings.protocol == "http" else ("nginx", "system-nginx", "apache")

    def check(self, settings: ServerSettings, processes: int | None, threads: int | None) -> None:
        """Raise UsageError for what loses requests."""

    def service(self, build: Build) -> Service:
        """Run the environment's own uWSGI; its config says what SIGTERM and SIGWINCH mean."""
        return Service(
            argv=(str(build.venv / "bin" / "uwsgi"), "--ini", str(build.directory / "uwsgi.ini")),
            directory=str(build.directory / "source"),
            speaks=self.speaks(build.settings),
            stop_signal="TERM",
            stop_seconds=build.drain,
            reopen_signal="WINCH",
        )

    def files(self, build: Build) -> tuple[File, ...]:
        """Its INI. Raises UsageError where a path has what an INI of uWSGI can't carry."""
        text = render_own(
            build.template,
            __package__,
            self.template,
            escape,
            build=build,
            harakiri=max(1, ceil(build.request_timeout)),
            mercy=max(1, ceil(build.drain)),
        )
        return (File(build.directory / "uwsgi.ini", text),)

    def workers(self, stats: str) -> tuple[Worker, ...]:
        """Read the stats socket's JSON; what a server that is ending cut short tells of no workers."""
        import msgspec

        try:
            found = msgspec.json.decode(stats, type=_Stats).workers
        except msgspec.MsgspecError:
            return ()
        return tuple(
            Worker(w.pid, w.status, w.requests, w.rss, max(0, w.respawn_count - 1)) for w in found if w.pid > 0
        )


def escape(value: str) -> str:
    """Return a value as uWSGI's INI must say it to mean just that. Raises UsageError where no way to say it exists.

    Lines are stripped, and `%d` and its like are magic (core/ini.c and magic_sub in core/utils.c); a colon makes a
    log, a socket or a config's path mean something else.
    """
    if value != value.strip(" \t") or not value.isprintable():
        raise _refused(value, "a space at either end, or a character that can't be printed")
    if ":" in value:
        raise _refused(value, "a colon")
    found = next((mark for mark in EXPANDED if mark in value), None)
    if found:
        raise _refused(value, f"`{found}`")
    return value.replace("%", "%%")


def _refused(value: str, what: str) -> UsageError:
    shown = value if len(value) <= 200 else f"{value[:200]}..."  # noqa: PLR2004 -- enough to know it by
    return UsageError(
        f"uWSGI's config can't carry {shown!r}: it has {what}", "choose another path for the state directory"
    )
