"""Granian, a server in Rust: it speaks HTTP, and a script of the release's has it take its socket from outside."""

from math import ceil
from typing import ClassVar

from uncork.plan import File
from uncork.rendering import as_it_is, render_own
from uncork.servers.server import Build, Server
from uncork.serving import Protocol, ServerSettings, Service


class Granian(Server):
    """Granian 2, with worker processes of one Python thread each, or several."""

    name: ClassVar[str] = "granian"
    replaces: ClassVar[tuple[str, ...]] = ("granian",)
    template: ClassVar[str] = "granian_serve.py.j2"
    snippet: ClassVar[str] = "serve.py"

    def requires(self, settings: ServerSettings) -> tuple[str, ...]:  # noqa: ARG002 -- it has one way
        """It needs click, for the command that nobody runs here."""
        return ("granian==2.8.7",)

    def speaks(self, settings: ServerSettings) -> Protocol:  # noqa: ARG002 -- always
        """HTTP, to the front."""
        return Protocol.HTTP

    def fronts(self, settings: ServerSettings) -> tuple[str, ...]:  # noqa: ARG002 -- always the same
        """The fronts that speak HTTP to it."""
        return ("nginx", "system-nginx", "apache")

    def check(self, settings: ServerSettings, processes: int | None, threads: int | None) -> None:
        """There is nothing that it can't be run with."""

    def service(self, build: Build) -> Service:
        """Run the release's script; SIGTERM lets requests finish, at SIGWINCH it opens its log again."""
        return Service(
            argv=(str(build.venv / "bin" / "python"), str(build.directory / "serve.py")),
            directory=str(build.directory / "source"),
            speaks=self.speaks(build.settings),
            stop_signal="TERM",
            stop_seconds=build.drain,
            reopen_signal="WINCH",
        )

    def files(self, build: Build) -> tuple[File, ...]:
        """The script that starts it."""
        text = render_own(
            build.template, __package__, self.template, as_it_is, build=build, mercy=max(1, ceil(build.drain))
        )
        return (File(build.directory / "serve.py", text),)
