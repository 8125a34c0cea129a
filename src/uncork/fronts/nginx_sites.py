"""What an nginx config says of apps, whoever's nginx it is for: the values of its templates, each app's files."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

from uncork.errors import UsageError, unsayable
from uncork.fronts.backends import Backend, backends
from uncork.fronts.certificates import certificate
from uncork.fronts.dialect import Dialect
from uncork.fronts.front import check_includes
from uncork.fronts.locations import Location, locations
from uncork.fronts.names import Names
from uncork.fronts.peers import Peers
from uncork.fronts.visitors import known_by
from uncork.layout import Layout
from uncork.plan import File
from uncork.rendering import render, render_own
from uncork.serving import ACME, Address, Protocol, Site

# nginx reads its config in pieces of 4096 bytes (NGX_CONF_BUFFER), and a value must fit into one.
LONGEST: Final = 4000
PLAIN: Final = re.compile(r"[A-Za-z0-9_./:@+,%*-]+")
TEMPLATE: Final = "app.conf.j2"
"""That of one app, which a project may have another one in place of."""


@dataclass(frozen=True)
class App:
    """What one app's part of the config is made of. `base` is the mount with no slash behind.

    `mark` tells its names from those of another state directory's app, where one nginx serves several of those.
    """

    site: Site
    mark: str
    base: str
    locations: tuple[Location, ...]
    upstream: str
    backends: tuple[Backend, ...]
    access_log: Path
    cache: Path
    known_by: str

    @property
    def peers(self) -> Peers:
        """How its visitors came."""
        return Peers(bool(self.site.trusted_proxies), self.mark)

    @property
    def leads(self) -> bool:
        """Whether each place leads who came by HTTP to HTTPS: a proxy that is trusted may have spoken that already."""
        return bool(self.site.trusted_proxies) and self.site.tls.on and self.site.tls.redirect

    @property
    def key(self) -> str:
        """What its upstream, its log format and its cache are named by."""
        return f"{self.site.app}{self.mark}"

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
        return self.key.replace("-", "_")

    @property
    def health(self) -> str:
        """The path of its health check as nginx knows it: decoded, without a query."""
        return unquote(self.site.health.partition("?")[0])

    @property
    def keeps(self) -> bool:
        """Whether any of its responses is kept."""
        return not self.site.stopped and any(one.cache and not one.directory for one in self.locations)


@dataclass(frozen=True)
class Block:
    """Host names, and the files of who answers there; without a certificate nobody does by HTTPS. `hsts` in seconds.

    `challenges` is the folder by which a CA sees that the names are ours, empty where none asks. `trusted` are the
    proxies that are believed who the visitor is. `passphrase` is the file that the certificate's key is locked by; such
    a certificate is read at each handshake.
    """

    hosts: tuple[str, ...]
    http: tuple[Path, ...]
    https: tuple[Path, ...]
    certificate: str
    hsts: int
    challenges: str = ""
    trusted: tuple[str, ...] = ()
    passphrase: str = ""

    @property
    def folder(self) -> str:
        """Where the certificate is, with a slash behind."""
        return f"{self.certificate.rpartition('/')[0]}/"


def app_of(layout: Layout, site: Site, access_log: Path, mark: str = "") -> App:
    """Return what is said of an app whose requests are logged there."""
    app = layout.app(site.app)
    return App(
        site=site,
        mark=mark,
        base=site.mount.rstrip("/"),
        locations=locations(site),
        upstream=f"unix:{app.entrance(site.speaks)}",
        backends=backends(site, f"unix:{app.entrance(site.speaks)}"),
        access_log=access_log,
        cache=layout.front_cache(site.app),
        known_by=known_by(site),
    )


def block(layout: Layout, address: Address, names: Names) -> Block:
    """Return what is said of the names that mean the same."""
    secure = names.secure if address.tls_port else ()
    return Block(
        hosts=names.hosts,
        http=tuple(
            _redirect(layout, site) if site in secure and _leads(site) else _path(layout, site) for site in names.sites
        ),
        https=tuple(_path(layout, site) for site in names.sites),
        certificate=str(certificate(layout, secure[0], address)) if secure else "",
        hsts=int(max((site.tls.hsts for site in secure), default=0)),
        challenges=str(layout.challenges) if any(site.tls.kind == ACME for site in names.sites) else "",
        trusted=names.trusted,
        passphrase=str(layout.app(secure[0].app).tls.passphrase) if secure and secure[0].tls.kind == ACME else "",
    )


def app_files(layout: Layout, address: Address, app: App, nginx: Dialect) -> Iterator[File]:
    """Yield the file of an app, and the one that leads its visitors to HTTPS if that is what HTTP is for."""
    site, values = app.site, {"app": app, "nginx": nginx, "mark": app.mark, "port": address.tls_port}
    yield File(_path(layout, site), render_own(site.template, __package__, TEMPLATE, escape, **values))
    if site.tls.on and _leads(site) and address.tls_port:
        yield File(_redirect(layout, site), filled("redirect.conf.j2", **values))


def _leads(site: Site) -> bool:
    """Whether HTTP is for nothing but to lead to HTTPS."""
    return site.tls.redirect and not site.trusted_proxies


def _path(layout: Layout, site: Site) -> Path:
    return layout.front / "apps" / f"{site.app}.conf"


def _redirect(layout: Layout, site: Site) -> Path:
    return layout.front / "apps" / f"{site.app}.redirect.conf"


def plainly(layout: Layout) -> None:
    """Raise UsageError where an include of a front's config would mean other files as well."""
    check_includes(layout, "nginx's config")


def filled(template: str, **values: object) -> str:
    """Return a template of nginx's config with the values put in, escaped."""
    return render(__package__, template, escape, **values)


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
    return unsayable(value, "nginx's config", what)
