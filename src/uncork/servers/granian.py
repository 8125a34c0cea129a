"""Granian, a server in Rust: it speaks HTTP, and a script of the release's has it take its socket from outside."""

from math import ceil
from typing import ClassVar

from uncork.plan import File
from uncork.rendering import as_it_is, render_own
from uncork.servers.server import Build, Server
from uncork.serving import ServerSettings


class Granian(Server):
    """Granian 2, with worker processes of one Python thread each, or several."""

    name: ClassVar[str] = "granian"
    replaces: ClassVar[tuple[str, ...]] = ("granian",)
    template: ClassVar[str] = "granian_serve.py.j2"
    snippet: ClassVar[str] = "serve.py"

    def requires(self, settings: ServerSettings) -> tuple[str, ...]:  # noqa: ARG002 -- it has one way
        """It needs click, for the command that nobody runs here."""
        return ("granian==2.8.7",)

    def command(self, build: Build) -> tuple[str, ...]:
        """The release's script."""
        return (str(build.venv / "bin" / "python"), str(build.directory / "serve.py"))

    def files(self, build: Build) -> tuple[File, ...]:
        """The script that starts it."""
        text = render_own(
            build.template, __package__, self.template, as_it_is, build=build, mercy=max(1, ceil(build.drain))
        )
        return (File(build.directory / "serve.py", text),)
