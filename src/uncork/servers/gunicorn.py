"""Gunicorn, which speaks uwsgi to the same nginx config as uWSGI does: processes, threads, or greenlets."""

from math import ceil
from typing import ClassVar, Final

from uncork.errors import UsageError
from uncork.plan import File
from uncork.rendering import as_it_is, render_own
from uncork.servers.server import Build, Server
from uncork.serving import Protocol, ServerSettings

# run.py ends a request that takes too long; so much later Gunicorn ends a worker that nothing of Python runs in.
GRACE: Final = 5.0


class Gunicorn(Server):
    """Gunicorn 27, the first that speaks uwsgi; it adopts its socket as systemd would pass it."""

    name: ClassVar[str] = "gunicorn"
    replaces: ClassVar[tuple[str, ...]] = ("gunicorn",)
    template: ClassVar[str] = "gunicorn.conf.py.j2"
    snippet: ClassVar[str] = "gunicorn.conf.py"
    fronted: ClassVar[bool] = True
    daemonizes: ClassVar[bool] = True
    notifies: ClassVar[bool] = True

    def requires(self, settings: ServerSettings) -> tuple[str, ...]:
        """It needs nothing, but for greenlets: there the project's own version of gevent is as good as any."""
        return ("gunicorn[gevent]==27.0.1",) if settings.gevent else ("gunicorn==27.0.1",)

    def speaks(self, settings: ServerSettings) -> Protocol:  # noqa: ARG002 -- always
        """The protocol of uWSGI."""
        return Protocol.UWSGI

    def check(self, settings: ServerSettings, processes: int | None, threads: int | None) -> None:  # noqa: ARG002
        """Raise UsageError for threads beside greenlets, which Gunicorn would not start."""
        if settings.gevent and (threads or 1) > 1:
            raise UsageError(
                f"gunicorn answers by greenlets (`gevent = {settings.gevent}`) or by threads (`threads = {threads}`)",
                "take one of the two out of the config",
            )

    def command(self, build: Build) -> tuple[str, ...]:
        """The environment's own Gunicorn."""
        config = str(build.directory / "gunicorn.conf.py")
        return (str(build.venv / "bin" / "python"), "-m", "gunicorn", "--config", config)

    def files(self, build: Build) -> tuple[File, ...]:
        """Its config, which is Python."""
        socket = build.alone.socket if build.alone else ""
        text = render_own(
            build.template,
            __package__,
            self.template,
            as_it_is,
            build=build,
            bind=socket if build.alone and build.alone.tcp else f"unix:{socket}",
            timeout=ceil(build.request_timeout + (0 if build.alone else GRACE)),
            mercy=max(1, ceil(build.drain)),
        )
        return (File(build.directory / "gunicorn.conf.py", text),)
