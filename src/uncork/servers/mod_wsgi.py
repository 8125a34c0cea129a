"""mod_wsgi: an Apache of the release's own, from the system, whose daemon processes run the app."""

import shlex
from dataclasses import replace
from math import ceil
from pathlib import Path
from typing import ClassVar, Final

from uncork.apache import Apache, escape
from uncork.plan import File
from uncork.rendering import render, render_own
from uncork.servers.server import Build, Server
from uncork.serving import ServerSettings, Service

LEAST: Final = 64
"""So many requests are taken at once, though most of them wait for a daemon process: what waits costs a thread."""
# run.py ends a request that takes too long; Apache is only to be a little more patient.
GRACE: Final = 10.0


class ModWsgi(Server):
    """mod_wsgi 4 in daemon mode. Apache can't be handed a socket, so it binds a port, and a file stands for it."""

    name: ClassVar[str] = "mod_wsgi"
    replaces: ClassVar[tuple[str, ...]] = ("mod-wsgi", "mod-wsgi-standalone", "mod-wsgi-httpd")
    title: ClassVar[str] = "(wsgi:"
    needs_apache: ClassVar[bool] = True
    template: ClassVar[str] = "mod_wsgi.conf.j2"
    snippet: ClassVar[str] = "mod_wsgi.conf"

    def requires(self, settings: ServerSettings) -> tuple[str, ...]:  # noqa: ARG002 -- it has one way
        """Nothing: the module is the system's, of the system's Python."""
        return ()

    def fronts(self, settings: ServerSettings) -> tuple[str, ...]:  # noqa: ARG002 -- always the same
        """Apache alone asks for the port at each request; nginx would have to be reloaded for it."""
        return ("apache",)

    def command(self, build: Build) -> tuple[str, ...]:
        """Apache in the foreground, once a port is chosen."""
        start = (str(build.venv / "bin" / "python"), "-I", str(build.directory / "uncork_runtime" / "endpoint.py"))
        return (*start, _apache(build).binary, "-DFOREGROUND", "-f", str(build.directory / "apache.conf"))

    def service(self, build: Build) -> Service:
        """SIGWINCH lets requests finish, and what appends to its log opens that for each line."""
        service = super().service(build)
        env = (*service.env, ("UNCORK_LOG", str(build.log)))
        return replace(service, env=env, stop_signal="WINCH", reopen_signal="", binds=True)

    def files(self, build: Build) -> tuple[File, ...]:
        """Its config, and the script that keeps Apache's own messages in the server's log, whoever renames that."""
        text = render_own(
            build.template,
            __package__,
            self.template,
            escape,
            build=build,
            apache=_apache(build),
            connections=max(LEAST, 2 * build.processes * build.threads),
            timeout=ceil(build.request_timeout + GRACE),
            mercy=max(1, ceil(build.drain)),
            log=_piped("/bin/sh", build.directory / "append.sh", build.log),
        )
        append = render(__package__, "mod_wsgi_append.sh.j2")
        return (File(build.directory / "apache.conf", text), File(build.directory / "append.sh", append))


def _apache(build: Build) -> Apache:
    return build.apache or Apache()


def _piped(*words: str | Path) -> str:
    """A command that Apache writes its log to; it takes words apart much as a shell does."""
    return f"|{shlex.join(str(word) for word in words)}"
