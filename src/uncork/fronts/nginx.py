"""nginx: answers HTTP on the one port, serves static folders by itself, and passes the rest to each app's socket."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final
from urllib.parse import quote

from uncork.errors import UsageError
from uncork.fronts.backends import Backend, backends
from uncork.fronts.certificates import certificate
from uncork.fronts.front import Front
from uncork.fronts.locations import Location, locations
from uncork.fronts.names import Names, by_names, first_at_each_mount
from uncork.fronts.visitors import known_by
from uncork.layout import Layout
from uncork.model import Account
from uncork.plan import Copy, Directory, File, Run, Step
from uncork.rendering import render, render_own, source
from uncork.serving import Address, Protocol, Service, Site

# nginx reads its config in pieces of 4096 bytes (NGX_CONF_BUFFER), and a value must fit into one.
LONGEST: Final = 4000
LOW: Final = 1024
"""The ports below are root's."""
PLAIN: Final = re.compile(r"[A-Za-z0-9_./:@+,%*-]+")


@dataclass(frozen=True)
class _App:
    """What one app's part of the config is made of. `base` is the mount with no slash behind."""

    site: Site
    base: str
    locations: tuple[Location, ...]
    upstream: str
    backends: tuple[Backend, ...]
    access_log: Path
    cache: Path
    known_by: str

    @property
    def redirect(self) -> str:
        """The base as a header must say it."""
        return quote(self.base)

    @property
    def uwsgi(self) -> bool:
        """Whether the app's server speaks uwsgi."""
        return self.site.speaks is Protocol.UWSGI

    @property
    def module(self) -> str:
        """The module of nginx that passes its requests on: what its directives begin with."""
        return "uwsgi" if self.uwsgi else "proxy"

    @property
    def word(self) -> str:
        """The app's name as a part of a variable's."""
        return self.site.app.replace("-", "_")

    @property
    def keeps(self) -> bool:
        """Whether any of its responses is kept."""
        return not self.site.stopped and any(one.cache and not one.directory for one in self.locations)


@dataclass(frozen=True)
class _Block:
    """Host names, and the files of who answers there; without a certificate nobody does by HTTPS. `hsts` in seconds."""

    hosts: tuple[str, ...]
    http: tuple[Path, ...]
    https: tuple[Path, ...]
    certificate: str
    hsts: int


@dataclass(frozen=True)
class Nginx(Front):
    """nginx 1.29.7 or newer, at `binary`; it runs as the account that serves, master and all.

    `copy_of` is where the binary is to be copied from first, if that account can't get to it there.
    """

    binary: str
    copy_of: str = ""
    name: ClassVar[str] = "nginx"
    template: ClassVar[str] = "app.conf.j2"
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
        if any(mark in str(layout.front) for mark in "*?["):
            raise _refused(str(layout.front), "`*`, `?` or `[`, which stand for other characters in an include")
        apps = tuple(_app_of(layout, site) for site in sites)
        first = Names(("localhost",), first_at_each_mount(sites))
        main = _render(
            "nginx.conf.j2",
            layout=layout,
            apps=apps,
            blocks=tuple(_block(layout, address, names) for names in (first, *by_names(sites))),
            tls=bool(address.tls_port),
            http=any(not app.uwsgi for app in apps),
        )
        return (
            File(layout.front / "nginx.conf", main),
            File(layout.front / "server.conf", _render("server.conf.j2")),
            File(layout.front / "mime.types", _render("mime.types")),
            *((File(layout.front / "cache.js", source(__package__, "cache.js")),) if _keeps(apps) else ()),
            *(file for app in apps for file in _files(layout, address, app)),
            *_listen(layout.front, *_places(address)),
            *_listen(layout.front / "check", *_checks(layout, address)),
            File(layout.front / "check" / "nginx.conf", _render("check.conf.j2", layout=layout)),
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
            low_port=0 < address.tls_port < LOW,
        )

    def check(self, layout: Layout) -> Run:
        """It opens the logs as nginx would, by the same account; it listens elsewhere, as only root may use port 80."""
        argv = (*self._argv(layout), "-t", "-q", "-c", str(layout.front / "check" / "nginx.conf"))
        return Run(argv, "check the nginx config", directory=layout.front, serving=True)

    def _argv(self, layout: Layout) -> tuple[str, ...]:
        """What is relative in the config, and what nginx names by itself, is in the one folder that it may write to."""
        return (self.binary, "-e", "stderr", "-p", str(layout.front_run))


def escape(value: str) -> str:
    """Return a value as nginx's config must say it. Raises UsageError where no way to say it exists.

    A dollar sign begins a variable, and nothing escapes it.
    """
    if not value.isprintable():
        raise _refused(value, "a character that can't be printed")
    if "$" in value:
        raise _refused(value, "a dollar sign")
    if len(value.encode()) > LONGEST:
        raise _refused(value, f"more than {LONGEST} bytes")
    if PLAIN.fullmatch(value):
        return value
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"'


def _refused(value: str, what: str) -> UsageError:
    shown = value if len(value) <= 200 else f"{value[:200]}..."  # noqa: PLR2004 -- enough to know it by
    return UsageError(f"nginx's config can't carry {shown!r}: it has {what}", "choose another name or path")


def _render(template: str, **values: object) -> str:
    return render(__package__, template, escape, **values)


def _keeps(apps: tuple[_App, ...]) -> bool:
    return any(app.keeps for app in apps)


def _listen(folder: Path, plain: str, secure: str) -> Iterator[File]:
    """Yield what is included to listen: the path of that is relative, so that the check listens elsewhere."""
    yield File(folder / "listen.conf", _render("listen.conf.j2", address=plain))
    if secure:
        yield File(folder / "listen-tls.conf", _render("listen-tls.conf.j2", address=secure))


def _places(address: Address) -> tuple[str, str]:
    host = f"[{address.bind}]" if ":" in address.bind else address.bind
    return f"{host}:{address.port}", f"{host}:{address.tls_port}" if address.tls_port else ""


def _checks(layout: Layout, address: Address) -> tuple[str, str]:
    plain, secure = (f"unix:{layout.front_run / name}" for name in ("check.sock", "check-tls.sock"))
    return plain, secure if address.tls_port else ""


def _block(layout: Layout, address: Address, names: Names) -> _Block:
    secure = tuple(site for site in names.sites if site.tls.on and address.tls_port)
    return _Block(
        hosts=names.hosts,
        http=tuple(
            _redirect(layout, site) if site in secure and site.tls.redirect else _path(layout, site)
            for site in names.sites
        ),
        https=tuple(_path(layout, site) for site in names.sites),
        certificate=str(certificate(layout, secure[0], address)) if secure else "",
        hsts=int(max((site.tls.hsts for site in secure), default=0)),
    )


def _files(layout: Layout, address: Address, app: _App) -> Iterator[File]:
    site = app.site
    yield File(_path(layout, site), render_own(site.template, __package__, Nginx.template, escape, app=app))
    if site.tls.on and site.tls.redirect and address.tls_port:
        yield File(_redirect(layout, site), _render("redirect.conf.j2", app=app, port=address.tls_port))


def _path(layout: Layout, site: Site) -> Path:
    return layout.front / "apps" / f"{site.app}.conf"


def _redirect(layout: Layout, site: Site) -> Path:
    return layout.front / "apps" / f"{site.app}.redirect.conf"


def _app_of(layout: Layout, site: Site) -> _App:
    app = layout.app(site.app)
    return _App(
        site=site,
        base=site.mount.rstrip("/"),
        locations=locations(site),
        upstream=f"unix:{app.current_socket}",
        backends=backends(site, f"unix:{app.current_socket}"),
        access_log=app.access_log,
        cache=layout.front_cache(site.app),
        known_by=known_by(site),
    )
