"""Waitress, all of it Python: one process that answers by threads, and the server that also runs on Windows."""

from math import ceil
from typing import ClassVar

from uncork.errors import UsageError
from uncork.plan import File
from uncork.rendering import as_it_is, render_own
from uncork.servers.server import Build, Server
from uncork.serving import ServerSettings


class Waitress(Server):
    """Waitress 3; it speaks HTTP."""

    name: ClassVar[str] = "waitress"
    replaces: ClassVar[tuple[str, ...]] = ("waitress",)
    template: ClassVar[str] = "waitress_serve.py.j2"
    snippet: ClassVar[str] = "serve.py"
    forks: ClassVar[bool] = False
    threads: ClassVar[int] = 4

    def requires(self, settings: ServerSettings) -> tuple[str, ...]:  # noqa: ARG002 -- it has one way
        """It needs nothing else."""
        return ("waitress==3.0.2",)

    def check(self, settings: ServerSettings, processes: int | None, threads: int | None) -> None:  # noqa: ARG002
        """Raise UsageError for several processes, which it does not have."""
        if (processes or 1) > 1:
            fix = f"write `threads = {max(self.threads, processes or 1)}` in its place, or choose another server"
            raise UsageError(f"waitress is one process, and the config asks for `processes = {processes}`", fix)

    def command(self, build: Build) -> tuple[str, ...]:
        """The release's script."""
        return (str(build.venv / "bin" / "python"), str(build.directory / "serve.py"))

    def files(self, build: Build) -> tuple[File, ...]:
        """The script that starts it."""
        mercy, timeout = max(1, ceil(build.drain)), ceil(build.request_timeout) + 60
        text = render_own(
            build.template, __package__, self.template, as_it_is, build=build, mercy=mercy, timeout=timeout
        )
        return (File(build.directory / "serve.py", text),)
