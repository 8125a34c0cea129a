"""The system's Apache with a config of our own: answers HTTP, serves static folders, and passes on the rest."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from typing import ClassVar, Final

from uncork.apache import Apache as Installed
from uncork.apache import escape, in_expression, pattern, rewriting
from uncork.errors import UsageError
from uncork.fronts.certificates import certificate
from uncork.fronts.front import Front, check_includes, is_low
from uncork.fronts.locations import Location, locations
from uncork.fronts.names import Names, by_names, first_at_each_mount
from uncork.layout import Layout
from uncork.model import Account
from uncork.plan import Directory, File, Run, Step
from uncork.rendering import render, render_own, source
from uncork.serving import Address, Protocol, Service, Site

TYPES: Final = re.compile(r"^    (\S+)\s+([^;]+);$", re.MULTILINE)


@dataclass(frozen=True)
class _Place:
    """Some of an app's URLs, and what holds for them. `rule` and `hidden` are patterns as mod_rewrite reads them."""

    location: Location
    begins: str
    rule: str
    hidden: str
    worker: str


@dataclass(frozen=True)
class _App:
    """What one app's part of the config is made of. `places` has the longest URL first, as Apache wants it.

    `bare` (the mount without its slash), `rule`, `health` and `well` (what does not tell how it is) are patterns as
    mod_rewrite reads them, `endpoint` is an expression as it does; `away` is what visitors are told in maintenance.
    """

    site: Site
    base: str
    bare: str
    bare_begins: str
    redirect: str
    begins: str
    rule: str
    health: str
    places: tuple[_Place, ...]
    well: str
    away: str
    file: str
    endpoint: str

    @property
    def http(self) -> bool:
        """Whether the app's server speaks HTTP."""
        return self.site.speaks is Protocol.HTTP


@dataclass(frozen=True)
class _Host:
    """A virtual host: its names, who answers there, the files of what they do with their URLs, and of who may come.

    `timeout` is how long an answer may take, `hsts` for how long browsers come by HTTPS alone, in seconds. `trusted`
    are the proxies that are believed who the visitor is.
    """

    names: tuple[str, ...]
    apps: tuple[Site, ...]
    includes: tuple[Path, ...]
    rules: tuple[Path, ...]
    timeout: int
    port: int
    certificate: str = ""
    hsts: int = 0
    trusted: tuple[str, ...] = ()


@dataclass(frozen=True)
class Apache(Front):
    """Apache 2.4 with the event MPM. All of it runs as the account that serves, and binds by itself."""

    installed: Installed
    name: ClassVar[str] = "apache"
    template: ClassVar[str] = "apache.app.conf.j2"
    snippet: ClassVar[str] = "apache.server.conf"

    def folders(self, layout: Layout) -> tuple[Step, ...]:
        """Where its pid file is, and what its processes share."""
        return (Directory(layout.front_run, 0o700, serving=True),)

    def files(
        self,
        layout: Layout,
        address: Address,
        sites: tuple[Site, ...],
        account: Account | None,  # noqa: ARG002 -- all of Apache runs as the account, so it need not be told
    ) -> tuple[File, ...]:
        """Its main config, the types of files, and one file an app, or two where HTTP only leads to HTTPS.

        Raises UsageError for what Apache has no good way to do, for a value that its config can't carry, and where two
        apps would answer at the same URL.
        """
        check_includes(layout, "Apache's config")
        for site in sites:
            _check(site)
        values = {"layout": layout, "address": address, "hosts": tuple(_hosts(layout, address, sites))}
        logs = tuple((site.app, _log(layout, site)) for site in sites)
        main = _render("apache.conf.j2", installed=self.installed, logs=logs, **values)
        return (
            File(layout.front / "apache.conf", main),
            File(layout.front / "apache.types", _types()),
            File(layout.front / "access.awk", _render("apache.awk.j2")),
            *(file for site in sites for file in _files(layout, address, site)),
        )

    def service(self, layout: Layout, address: Address) -> Service:
        """SIGWINCH lets requests and their responses finish; its log is in UTC."""
        return Service(
            argv=(self.installed.binary, "-DFOREGROUND", "-f", str(layout.front / "apache.conf")),
            directory=str(layout.front),
            speaks=Protocol.HTTP,
            env=(("TZ", "UTC"),),
            stop_signal="WINCH",
            stop_seconds=30.0,
            binds=True,
            low_port=is_low(address.port) or is_low(address.tls_port),
        )

    def check(self, layout: Layout) -> Run:
        """Apache binds to nothing and opens no log for that."""
        argv = (self.installed.binary, "-t", "-f", str(layout.front / "apache.conf"))
        return Run(argv, "check the Apache config", directory=layout.front, serving=True)


def _check(site: Site) -> None:
    """Raise UsageError for what Apache can't do as it should be done."""
    asked = {"`cache`": site.cache.on or any(rule.cache for rule in site.paths), "`upstreams`": bool(site.upstreams)}
    for key, said in asked.items():
        if said:
            raise UsageError(
                f"{site.app} asks for {key}, which uncork leaves to nginx; in front of it is Apache",
                f'write `front = "nginx"`, or take {key} out of the config',
            )


def _render(template: str, **values: object) -> str:
    return render(__package__, template, escape, **values)


def _log(layout: Layout, site: Site) -> str:
    """The command that writes the access log; without `interactive` mawk would wait for 4 KB, and others ignore it.

    awk takes a backslash in a value for an escape, so that it is doubled.
    """
    log = str(layout.app(site.app).access_log).replace("\\", "\\\\")
    words = ("/usr/bin/awk", "-W", "interactive", "-v", f"path={log}", "-f", str(layout.front / "access.awk"))
    return f"|{shlex.join(words)}"


def _types() -> str:
    """The same types of files as nginx's, as mod_mime has them."""
    return "".join(f"{kind} {endings}\n" for kind, endings in TYPES.findall(source(__package__, "mime.types")))


def _path(layout: Layout, site: Site) -> Path:
    return layout.front / "apps" / f"{site.app}.apache.conf"


def _rules(layout: Layout, site: Site) -> Path:
    return layout.front / "apps" / f"{site.app}.apache.rules.conf"


def _redirect(layout: Layout, site: Site) -> Path:
    return layout.front / "apps" / f"{site.app}.apache.redirect.conf"


def _files(layout: Layout, address: Address, site: Site) -> Iterator[File]:
    app = _app_of(layout, site)
    text = render_own(site.template, __package__, Apache.template, escape, app=app)
    yield File(_path(layout, site), text)
    yield File(_rules(layout, site), _render("apache.rules.conf.j2", app=app))
    if _leads_to_https(site, address):
        yield File(_redirect(layout, site), _render("apache.redirect.conf.j2", app=app, port=address.tls_port))


def _leads_to_https(site: Site, address: Address) -> bool:
    return bool(site.tls.on and site.tls.redirect and address.tls_port)


def _hosts(layout: Layout, address: Address, sites: tuple[Site, ...]) -> Iterator[_Host]:
    """Yield the virtual hosts: Apache takes the first that fits, and the very first where none does."""
    first = Names(("localhost",), first_at_each_mount(sites))
    for names in (first, *_in_order(by_names(sites))):
        yield _host(layout, address, names)
        if names.secure and address.tls_port:
            yield _secure(layout, address, names)


def _host(layout: Layout, address: Address, names: Names) -> _Host:
    """The app with the longest mount comes first where URLs are told apart, and last where rules are laid over."""
    apps = tuple(sorted(names.sites, key=lambda site: len(site.mount), reverse=True))
    return _Host(
        names=names.hosts,
        apps=apps,
        includes=tuple(path for site in apps for path in _included(layout, address, site)),
        rules=tuple(_rules(layout, s) for s in reversed(apps) if _path(layout, s) in _included(layout, address, s)),
        timeout=max((place.timeout for site in apps for place in locations(site)), default=60),
        port=address.port,
        trusted=names.trusted,
    )


def _included(layout: Layout, address: Address, site: Site) -> tuple[Path, ...]:
    """A proxy that is trusted may have spoken HTTPS already: then who comes by HTTP is not led there."""
    leads = _leads_to_https(site, address)
    redirect = (_redirect(layout, site),) if leads else ()
    return (*redirect, *(() if leads and not site.trusted_proxies else (_path(layout, site),)))


def _secure(layout: Layout, address: Address, names: Names) -> _Host:
    plain = _host(layout, address, names)
    secure = names.secure
    return replace(
        plain,
        includes=tuple(_path(layout, site) for site in plain.apps),
        rules=tuple(_rules(layout, site) for site in reversed(plain.apps)),
        port=address.tls_port,
        certificate=str(certificate(layout, secure[0], address)),
        hsts=ceil(max(site.tls.hsts for site in secure)),
    )


def _in_order(groups: tuple[Names, ...]) -> Iterator[Names]:
    """Yield exact names before those with a `*`, and of these the longer ones first.

    The first of a host is its ServerName, where Apache knows no `*`, and takes a colon for that of a port. An address
    is compared without the brackets that it has in a request.
    """
    wild = [(host, names.sites) for names in groups for host in names.hosts if host.startswith("*")]
    for names in groups:
        exact = tuple(host.strip("[]") for host in names.hosts if not host.startswith("*"))
        yield Names((*("any.address" for host in exact[:1] if ":" in host), *exact), names.sites)
    for host, sites in sorted(wild, key=lambda pair: len(pair[0]), reverse=True):
        yield Names((f"any{host[1:]}", host), sites)


def _app_of(layout: Layout, site: Site) -> _App:
    base = site.mount.rstrip("/")
    socket, http = str(layout.app(site.app).entrance(site.speaks)), site.speaks is Protocol.HTTP
    return _App(
        site=site,
        base=base,
        bare=rewriting(pattern(base, "$")),
        bare_begins=pattern(base, "$"),
        redirect=f"{base}/",
        begins=pattern(base, "/"),
        rule=rewriting(pattern(base, "/")),
        health=rewriting(pattern(base, "/_uncork/")),
        places=tuple(_place(site, socket, number, one) for number, one in enumerate(locations(site)))[::-1],
        well=rewriting(f"!{pattern(site.health, '$')}"),
        away=_away(site),
        file=rewriting(in_expression(socket)) if http else "",
        endpoint=_endpoint(socket) if http else "",
    )


def _place(site: Site, socket: str, number: int, location: Location) -> _Place:
    """A worker of mod_proxy has a host of its own in its name: its time-outs are not another's."""
    scheme = "http" if site.speaks is Protocol.HTTP else "uwsgi"
    return _Place(
        location=location,
        begins=pattern(location.url),
        rule=rewriting(pattern(location.url)),
        hidden=rewriting(pattern(location.url, r"(?:.*/)?(?:\.|$)")),
        worker=f"unix:{socket}|{scheme}://{site.app}-{number}",
    )


def _away(site: Site) -> str:
    page = site.maintenance.page if site.maintenance else ""
    if page:
        return f"%{{file:{in_expression(page)}}}"
    return "503: the site is being worked on; please come again in a few minutes. Request %{reqenv:uncork_id}"


def _endpoint(socket: str) -> str:
    """An expression that finds the port, and the key that who has it asks for, in the file that stands for a socket."""
    return rewriting(rf"file('{in_expression(socket)}') =~ /^port ([0-9]+)\nkey ([0-9a-f]+)\n/")
