"""nginx: answers HTTP on the one port, serves static folders by itself, and passes the rest to each app's socket."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from uncork.fronts.dialect import NEWEST
from uncork.fronts.front import Front, is_low
from uncork.fronts.names import Names, by_names, first_at_each_mount
from uncork.fronts.nginx_sites import TEMPLATE, App, app_files, app_of, block, escape, filled, plainly
from uncork.fronts.peers import Peers
from uncork.layout import Layout
from uncork.model import Account
from uncork.plan import Copy, Directory, File, Run, Step
from uncork.rendering import source
from uncork.serving import Address, Protocol, Service, Site

__all__ = ["Nginx", "escape"]


@dataclass(frozen=True)
class Nginx(Front):
    """nginx 1.29.8 or newer, at `binary`; it runs as the account that serves, master and all.

    `copy_of` is where the binary is to be copied from first, if that account can't get to it there.
    """

    binary: str
    copy_of: str = ""
    name: ClassVar[str] = "nginx"
    template: ClassVar[str] = TEMPLATE
    snippet: ClassVar[str] = "nginx.server.conf"

    def folders(self, layout: Layout) -> tuple[Step, ...]:
        """Where its pid file is, and the bodies that are too large for memory; and a binary that it can get to."""
        source, to = Path(self.copy_of), Path(self.binary).parent
        copy = (Copy(source.parent, to, (source.name,), "copy nginx"),) if self.copy_of else ()
        own = (layout.front_run, layout.front_caches)
        return (*(Directory(path, 0o700, serving=True) for path in own), *copy)

    def files(
        self,
        layout: Layout,
        address: Address,
        sites: tuple[Site, ...],
        account: Account | None,  # noqa: ARG002 -- all of nginx runs as the account, so it need not be told
    ) -> tuple[File, ...]:
        """Its main config, what its parts include, one file an app, and a second main config that only `check` reads.

        Raises UsageError where a value can't be said in nginx's config, or two apps would answer at the same URL.
        """
        plainly(layout)
        apps = tuple(app_of(layout, site, layout.app(site.app).access_log) for site in sites)
        keeps = any(app.keeps for app in apps)
        return (
            File(layout.front / "nginx.conf", _main(layout, address, sites, apps)),
            File(layout.front / "server.conf", filled("server.conf.j2", nginx=NEWEST)),
            File(layout.front / "mime.types", filled("mime.types")),
            *((File(layout.front / "cache.js", source(__package__, "cache.js")),) if keeps else ()),
            *(file for app in apps for file in app_files(layout, address, app, NEWEST)),
            *_listen(layout.front, *_places(address)),
            *_listen(layout.front / "check", *_checks(layout, address)),
            File(layout.front / "check" / "nginx.conf", filled("check.conf.j2", layout=layout)),
        )

    def service(self, layout: Layout, address: Address) -> Service:
        """Adopt the socket on descriptor 3, bind that of HTTPS; SIGQUIT lets requests and their responses finish."""
        return Service(
            argv=(*self._argv(layout), "-c", str(layout.front / "nginx.conf")),
            directory=str(layout.front),
            speaks=Protocol.HTTP,
            env=(("NGINX", "3;"),),
            stop_signal="QUIT",
            stop_seconds=30.0,
            low_port=is_low(address.tls_port),
        )

    def check(self, layout: Layout) -> Run:
        """It opens the logs as nginx would, by the same account; it listens elsewhere, as only root may use port 80."""
        argv = (*self._argv(layout), "-t", "-q", "-c", str(layout.front / "check" / "nginx.conf"))
        return Run(argv, "check the nginx config", directory=layout.front, serving=True)

    def _argv(self, layout: Layout) -> tuple[str, ...]:
        """What is relative in the config, and what nginx names by itself, is in the one folder that it may write to."""
        return (self.binary, "-e", "stderr", "-p", str(layout.front_run))


def _main(layout: Layout, address: Address, sites: tuple[Site, ...], apps: tuple[App, ...]) -> str:
    first = Names(("localhost",), first_at_each_mount(sites))
    return filled(
        "nginx.conf.j2",
        layout=layout,
        apps=apps,
        blocks=tuple(block(layout, address, names) for names in (first, *by_names(sites))),
        peers=Peers(any(site.trusted_proxies for site in sites)),
        first=True,
        tls=bool(address.tls_port),
        http=any(not app.uwsgi for app in apps),
        nginx=NEWEST,
        mark="",
        listen="listen.conf",
        listen_tls="listen-tls.conf",
    )


def _listen(folder: Path, plain: str, secure: str) -> Iterator[File]:
    """Yield what is included to listen: the path of that is relative, so that the check listens elsewhere."""
    yield File(folder / "listen.conf", filled("listen.conf.j2", addresses=(plain,)))
    if secure:
        text = filled("listen-tls.conf.j2", addresses=(secure,), http2=True, nginx=NEWEST, host=NEWEST.host)
        yield File(folder / "listen-tls.conf", text)


def _places(address: Address) -> tuple[str, str]:
    return address.place(address.port), address.place(address.tls_port) if address.tls_port else ""


def _checks(layout: Layout, address: Address) -> tuple[str, str]:
    plain, secure = (f"unix:{layout.front_run / name}" for name in ("check.sock", "check-tls.sock"))
    return plain, secure if address.tls_port else ""
