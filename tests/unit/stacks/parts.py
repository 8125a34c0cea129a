"""Every server behind every front that it can stand behind: the files of a release, and of the front before it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tests.unit.fronts.test_nginx import GUESTBOOK
from tests.unit.servers.test_uwsgi import BUILD
from uncork.apache import Apache as Installed
from uncork.fronts.apache import Apache
from uncork.fronts.dialect import Dialect
from uncork.fronts.front import Front
from uncork.fronts.host import Host
from uncork.fronts.nginx import Nginx
from uncork.fronts.system_nginx import SystemNginx
from uncork.fronts.uwsgi_router import UwsgiRouter
from uncork.layout import Layout
from uncork.model import Account
from uncork.plan import File
from uncork.servers import SERVERS
from uncork.serving import Address, ServerSettings, Site

ACCOUNT: Final = Account("www-data", "www-data", 33, 33)
HOST: Final = Host(
    "/usr/sbin/nginx", Dialect((1, 22, 1)), "www-data", "/run/nginx.pid", "/etc/nginx/sites-enabled", runs=True
)
FRONTS: Final[dict[str, Front]] = {
    "nginx": Nginx("/opt/nginx"),
    "system-nginx": SystemNginx(HOST, "_1a2b3c4d"),
    "apache": Apache(Installed()),
    "none": UwsgiRouter(Path("/opt/router")),
}
SETTINGS: Final = {
    **{name: ServerSettings(name) for name in SERVERS},
    "uwsgi-http-socket": ServerSettings("uwsgi", protocol="http-socket"),
    "uwsgi-http": ServerSettings("uwsgi", protocol="http"),
}


@dataclass(frozen=True)
class Stack:
    """A server as it is set, and the front before it."""

    name: str
    settings: ServerSettings
    front: Front

    @property
    def site(self) -> Site:
        """How the front serves the app; what uWSGI's router can't do is left out for it."""
        return replace(GUESTBOOK, speaks=SERVERS[self.settings.kind].speaks(self.settings))

    def release(self) -> tuple[File, ...]:
        """The server's files."""
        server = SERVERS[self.settings.kind]
        build = replace(BUILD, settings=self.settings, threads=server.threads)
        return server.files(replace(build, processes=build.processes if server.forks else 1))

    def before(self, layout: Layout, front: Front | None = None) -> tuple[File, ...]:
        """The front's files."""
        return (front or self.front).files(layout, Address(), (self.site,), ACCOUNT)


def stacks() -> Iterator[Stack]:
    """Yield all that go together."""
    for name, settings in SETTINGS.items():
        for front in SERVERS[settings.kind].fronts(settings):
            yield Stack(f"{name}-{front}", settings, FRONTS[front])


STACKS: Final = {stack.name: stack for stack in stacks()}
