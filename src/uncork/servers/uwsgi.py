"""uWSGI, from the `pyuwsgi` wheel: a master that keeps some worker processes, each of which loads the app itself."""

from dataclasses import dataclass
from math import ceil
from typing import ClassVar, Final

from uncork.errors import UsageError, unsayable
from uncork.model import Worker
from uncork.plan import File
from uncork.rendering import render_own
from uncork.servers.server import BEHIND, Build, Server
from uncork.serving import Protocol, ServerSettings

MEGABYTE: Final = 1024 * 1024
# uWSGI looks for these in three passes over every value, after `%%` has become `%`; nothing escapes them.
EXPANDED: Final = ("$(", "@(", "%(")
WHEEL: Final = "pyuwsgi==2.0.30.post1"
CHEAP: Final = "cheap"
"""What the stats call a worker that is not there, and may be."""
SPARE: Final = 2
LARGEST_BODY: Final = 16 * MEGABYTE
"""Where nothing stands before it, and the app does not say."""


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
    leave_signal: ClassVar[str] = "HUP"
    tells: ClassVar[bool] = True
    watches: ClassVar[bool] = True
    daemonizes: ClassVar[bool] = True
    notifies: ClassVar[bool] = True
    template: ClassVar[str] = "uwsgi.ini.j2"
    snippet: ClassVar[str] = "uwsgi.ini"

    def requires(self, settings: ServerSettings) -> tuple[str, ...]:
        """The one wheel, and gevent for greenlets: there the project's own version is as good as any."""
        return (WHEEL, "gevent>=24.10.1") if settings.gevent else (WHEEL,)

    def speaks(self, settings: ServerSettings) -> Protocol:
        """Its own protocol, unless it is told to speak HTTP to the front."""
        return Protocol.HTTP if settings.protocol == "http-socket" else Protocol.UWSGI

    def fronts(self, settings: ServerSettings) -> tuple[str, ...]:
        """Its own router is the front, where it is told to speak HTTP to the world."""
        return ("none",) if settings.protocol == "http" else BEHIND

    def check(self, settings: ServerSettings, processes: int | None, threads: int | None) -> None:
        """Raise UsageError for what loses requests, or can't be."""
        if settings.gevent:
            _check_greenlets(settings, processes, threads)
        several = _several(settings, threads)
        if settings.cheaper and several:
            raise _both(several, f"cheaper = {settings.cheaper}", "a process that is to go would drop its requests")
        if settings.cheaper and processes is not None and settings.cheaper >= processes:
            problem = f"`cheaper = {settings.cheaper}` is to be less than `processes`, which is {processes}"
            raise UsageError(problem, "raise `processes`, or take `cheaper` out of the config")

    def command(self, build: Build) -> tuple[str, ...]:
        """The environment's own uWSGI; its config says what SIGTERM and SIGWINCH mean."""
        return (str(build.venv / "bin" / "uwsgi"), "--ini", str(build.directory / "uwsgi.ini"))

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
            least=_least(build),
            idle=ceil(build.settings.idle),
            preloads=not (build.settings.idle or build.settings.gevent),
            most=LARGEST_BODY if build.max_body is None else max(1, build.max_body),
        )
        return (File(build.directory / "uwsgi.ini", text),)

    def workers(self, stats: str) -> tuple[Worker, ...]:
        """Read the stats socket's JSON; what a server that is ending cut short tells of no workers."""
        return tuple(
            Worker(w.pid, w.status, w.requests, w.rss, max(0, w.respawn_count - 1)) for w in _read(stats) if w.pid > 0
        )

    def is_idle(self, stats: str) -> bool:
        """Whether it waits for a request to start a worker for."""
        found = _read(stats)
        return bool(found) and all(w.status == CHEAP and w.pid <= 0 for w in found)


def _check_greenlets(settings: ServerSettings, processes: int | None, threads: int | None) -> None:
    if settings.gevent == 1:
        raise UsageError("uWSGI does not start for one greenlet (`gevent = 1`)", "write a larger number")
    if threads is not None and threads > 1:
        raise _both(f"gevent = {settings.gevent}", f"threads = {threads}", "uWSGI answers by the one or by the other")
    if settings.idle and processes != 1:
        problem = "`idle` with `gevent` is for one process: of several, some would drop their requests as they go"
        raise UsageError(problem, "write `processes = 1`, or take `gevent` out of the config")


def _several(settings: ServerSettings, threads: int | None) -> str:
    """What has a process answer several requests at once, as the config says it; empty if nothing does."""
    if settings.gevent:
        return f"gevent = {settings.gevent}"
    return f"threads = {threads}" if threads is not None and threads > 1 else ""


def _both(one: str, other: str, why: str) -> UsageError:
    return UsageError(f"`{one}` and `{other}` can't go together: {why}", "take one of the two out of the config")


def _least(build: Build) -> int:
    """How few processes there may be; 0 where there are always all.

    One that was idle wakes two, so that a slow request does not stop the site, and gets more when both are busy.
    """
    alone = build.threads > 1 or build.settings.gevent
    least = build.settings.cheaper or (SPARE if build.settings.idle and not alone else 0)
    return least if least < build.processes else 0


def _read(stats: str) -> list[_Worker]:
    import msgspec

    try:
        return msgspec.json.decode(stats, type=_Stats).workers
    except msgspec.MsgspecError:
        return []


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
    return unsayable(value, "uWSGI's config", what, "choose another path for the state directory")
