"""Where everything of a rendered release is: the one place that knows the names of its files."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Final

from uncork.servers.server import Alone, Build, Server
from uncork.serving import Address, Service, Site

MACHINE: Final = "machine"
SYSTEMD: Final = "systemd"
APACHE: Final = "apache"
WINDOWS: Final = "windows"


@dataclass(frozen=True)
class Kit:
    """A release that is to run by itself: what is known of it, and how it is served, where it will lie (`at`).

    `target` is one of the four above, `format` one of uWSGI's. `tcp` is the port that the server listens on, as
    `host:port`; empty for a unix socket. `python` is the version that its dependencies were locked for; `local` are
    those of them that lie in the project.
    """

    at: Path
    target: str
    format: str
    tcp: str
    build: Build
    server: Server
    site: Site
    address: Address
    environment: str
    python: str
    local: tuple[str, ...] = ()
    account: ClassVar[str] = "www-data"

    @property
    def app(self) -> str:
        """The app's name."""
        return self.build.app

    @property
    def units(self) -> bool:
        """Whether systemd starts the server."""
        return self.target in {SYSTEMD, APACHE} and not self.is_apache

    @property
    def is_apache(self) -> bool:
        """Whether Apache is the server too."""
        return self.target == APACHE and self.server.name == "mod_wsgi"

    @property
    def faces_the_world(self) -> bool:
        """Whether the server answers visitors by itself: there is no front."""
        return "none" in self.server.fronts(self.build.settings)

    @property
    def passed_on(self) -> bool:
        """Whether systemd holds the socket, so that nobody is refused while the server starts anew."""
        return self.units and not self.faces_the_world

    @property
    def run(self) -> Path:
        """The folder for the pid file and for sockets."""
        return Path("/run") / self.app if self.units else self.at / "run"

    @property
    def socket(self) -> str:
        """What the front passes requests to: a path, or `host:port`."""
        if self.faces_the_world or self.target == WINDOWS:
            return self.tcp or self.address.place(self.address.port)
        if self.passed_on:  # the server's own folder goes when it stops, and this is there still
            return self.tcp or f"/run/{self.app}.sock"
        return self.tcp or str(self.run / "app.sock")

    @property
    def upstream(self) -> str:
        """The same as nginx says it."""
        return f"unix:{self.socket}" if self.socket.startswith("/") else self.socket

    @property
    def logs(self) -> Path:
        """The folder of its logs."""
        return self.at / "logs"

    @property
    def venv(self) -> Path:
        """The environment, which a person makes."""
        return self.at / "venv"

    @property
    def pid(self) -> Path:
        """The pid file of the server."""
        return self.run / "server.pid"

    @property
    def alone(self) -> Alone:
        """What the server is told of where it runs."""
        daemon = self.target == MACHINE and self.server.daemonizes
        return Alone("" if self.passed_on else self.socket, self.run, daemon)

    @property
    def service(self) -> Service:
        """How the server is started and stopped: uWSGI knows the format of a config by its name."""
        service = self.server.service(self.build)
        if self.server.name != "uwsgi":
            return service
        return replace(service, argv=(service.argv[0], str(self.at / f"uwsgi.{self.format}")))

    @property
    def command(self) -> tuple[str, ...]:
        """How a person starts the server, in the folder itself."""
        return tuple(word.removeprefix(f"{self.at}/") for word in self.service.argv)
