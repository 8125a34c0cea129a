"""The system's nginx: sites written to its folder beside those of others, checked, reloaded, and taken away again."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Final

from uncork.errors import UsageError
from uncork.fronts.front import Front
from uncork.fronts.host import BUCKET, Host, Listen, Server
from uncork.fronts.names import Names, by_names, first_at_each_mount
from uncork.fronts.nginx_sites import TEMPLATE, App, app_files, app_of, block, filled, plainly
from uncork.fronts.nginx_text import parse
from uncork.fronts.peers import Peers
from uncork.layout import Layout
from uncork.model import Account
from uncork.plan import Directory, File, Reload, Remove, Run, Step
from uncork.rendering import render
from uncork.serving import Address, Outside, Protocol, Service, Site

RELOAD_TIME: Final = 10.0
_POINTER: Final = 8
ROTATION: Final = "/etc/logrotate.d"
EVERYWHERE: Final = "0.0.0.0"  # noqa: S104 -- named so that it can be told from the rest
# What nginx's master, which is root's, would open, make or run.
REACHES: Final = re.compile(
    r"access_log|error_log|include|load_module|thread_pool|.*_(temp_path|cache_path|store)|.*ssl_.*|js_.*|perl.*|.*lua.*"
)


@dataclass(frozen=True)
class SystemNginx(Front):
    """The nginx that the machine runs. `mark` tells what is of this state directory from all else in its config."""

    host: Host
    mark: str
    name: ClassVar[str] = "system-nginx"
    template: ClassVar[str] = TEMPLATE
    snippet: ClassVar[str] = "nginx.server.conf"

    @property
    def outside(self) -> Outside:
        """The site, what has its logs rotated, and nginx's pid file."""
        return Outside((str(self._site), str(self._rotation)), self.host.pid_file)

    def folders(self, layout: Layout) -> tuple[Step, ...]:
        """Where it logs: a folder of root's, as root opens the files, that who looks after the apps may read."""
        return (Directory(layout.outside_access_logs, 0o750, group=layout.keepers),)

    def files(
        self, layout: Layout, address: Address, sites: tuple[Site, ...], account: Account | None
    ) -> tuple[File, ...]:
        """The site, what it includes, and what the machine's logrotate goes by.

        Raises UsageError for what it can't do, where the sites of others stand in the way, and as the embedded one.
        """
        plainly(layout)
        apps = tuple(app_of(layout, site, layout.app(site.app).outside_access_log, self.mark) for site in sites)
        groups = tuple(self._roomy(by_names(sites)))
        self._check(address, apps, groups)
        values = self._values(layout, address, apps, groups)
        return (
            *(file for app in apps for file in self._app(layout, address, app)),
            File(layout.front / "server.conf", filled("system.server.conf.j2", **values)),
            File(layout.front / "mime.types", filled("mime.types")),
            *self._listen(layout, address),
            File(self._site, filled("system.conf.j2", **values)),
            File(self._rotation, _rotation(layout, self.host, account)),
        )

    def service(self, layout: Layout, address: Address) -> Service:  # noqa: ARG002 -- wherever it is, it runs already
        """What the machine runs; nobody else starts it."""
        return Service((self.host.binary,), str(layout.front), Protocol.HTTP, binds=True)

    def check(self, layout: Layout) -> Run:  # noqa: ARG002 -- there is one config, with the sites of all in it
        """All of its config, others' sites and ours."""
        return Run((self.host.binary, "-t", "-q"), "check the nginx config")

    def join(self) -> tuple[Step, ...]:
        """It is told to read its config again."""
        return (Reload(Path(self.host.pid_file), RELOAD_TIME, "reload the system's nginx", outside=True),)

    def leave(self) -> tuple[Step, ...]:
        """One that does not run has nothing to forget."""
        return (Remove(self._site), Remove(self._rotation), *(self.join() if self.host.runs else ()))

    def shares(self, address: Address) -> bool:
        """Whether the site of somebody else answers on a port of ours."""
        ports = {address.port, address.tls_port} - {0}
        return any(listen.port in ports for server in self.host.servers for listen in server.listens)

    def _app(self, layout: Layout, address: Address, app: App) -> Iterator[File]:
        for file in app_files(layout, address, app, self.host.dialect):
            _stays_within(app, file)
            yield file

    def _values(
        self, layout: Layout, address: Address, apps: tuple[App, ...], groups: tuple[Names, ...]
    ) -> dict[str, object]:
        """Return what the templates are filled with. Beside other sites an app is reached by its names alone."""
        sites = tuple(app.site for app in apps)
        first = () if self.shares(address) or not sites else (Names(("localhost",), first_at_each_mount(sites)),)
        return {
            "layout": layout,
            "apps": apps,
            "blocks": tuple(block(layout, address, names) for names in (*first, *groups)),
            "first": bool(first),
            "peers": Peers(any(site.trusted_proxies for site in sites), self.mark),
            "tls": bool(address.tls_port),
            "http": any(not app.uwsgi for app in apps),
            "nginx": self.host.dialect,
            "mark": self.mark,
            "listen": layout.front / "listen.conf",
            "listen_tls": layout.front / "listen-tls.conf",
        }

    @property
    def _site(self) -> Path:
        return Path(self.host.folder, site_name(self.mark))

    @property
    def _rotation(self) -> Path:
        return Path(ROTATION, f"uncork{self.mark}")

    def _listen(self, layout: Layout, address: Address) -> Iterator[File]:
        """Yield what is included to listen. Before 1.25.1 HTTP/2 would be for others' sites on the port as well."""
        plain, secure = self._places(address, address.port), self._places(address, address.tls_port)
        yield File(layout.front / "listen.conf", filled("listen.conf.j2", addresses=plain))
        if secure:
            nginx = self.host.dialect
            values = {"addresses": secure, "http2": not self.shares(address), "nginx": nginx, "host": nginx.host}
            text = filled("listen-tls.conf.j2", **values)
            yield File(layout.front / "listen-tls.conf", text)

    def _places(self, address: Address, port: int) -> tuple[str, ...]:
        """Who comes by IPv6 to a port that others answer there is not to find their site in place of ours."""
        all_ipv6 = f"[::]:{port}"
        there = any(listen.place == all_ipv6 for server in self.host.servers for listen in server.listens)
        also = (all_ipv6,) if there and address.bind == EVERYWHERE else ()
        return (address.place(port), *also) if port else ()

    def _check(self, address: Address, apps: tuple[App, ...], groups: tuple[Names, ...]) -> None:
        if not self.host.folder:
            raise UsageError(
                "the config of the system's nginx includes no folder for sites",
                "add `include /etc/nginx/conf.d/*.conf;` to the http block in nginx.conf",
            )
        if not self.host.runs:
            raise UsageError("the system's nginx does not run", "start it: systemctl start nginx")
        for app in apps:
            if app.keeps:
                raise UsageError(
                    f"{app.site.app} asks for `cache`, which uncork has only its own nginx do",
                    'take `cache` out, or write `front = "nginx"`',
                )
        hosts = frozenset(host for names in groups for host in names.hosts)
        for place in (*self._places(address, address.port), *self._places(address, address.tls_port)):
            self._beside(place, hosts)

    def _roomy(self, groups: tuple[Names, ...]) -> Iterator[Names]:
        """Yield the groups without names under `.localhost` that are too long, of apps that have others.

        Raises UsageError for others that are: nginx would not take any config with them, of whatever site.
        """
        for names in groups:
            spare = {f"{site.app}.localhost" for site in names.sites if site.domains}
            kept = tuple(host for host in names.hosts if host not in spare or _bucket(host) <= self.host.bucket)
            for host in kept:
                if _bucket(host) > self.host.bucket:
                    raise UsageError(
                        f"{host} is too long a name for the nginx here",
                        f"write `server_names_hash_bucket_size {_bucket(host)};` into the http block of its config, or "
                        "choose a shorter name",
                    )
            if kept:
                yield replace(names, hosts=kept)

    def _beside(self, place: str, hosts: frozenset[str]) -> None:
        """Raise UsageError where others' sites would not be what they were, or ours not be reached."""
        ours = Listen(place)
        there = [(server, listen) for server in self.host.servers for listen in server.listens]
        for server, listen in there:
            if _crosses(listen, ours):
                bind = listen.place.rpartition(":")[0].strip("[]")
                raise UsageError(
                    f"{server.file} listens on {listen.place}, so that {place} can't be for uncork's apps alone",
                    f'write `bind = "{bind}"`, or take another port with --port',
                )
        same = [server for server, listen in there if listen.place == place]
        for server in same:
            taken = sorted(hosts.intersection(server.names))
            if taken:
                raise UsageError(
                    f"{taken[0]} on {place} is the site in {server.file} already",
                    "take it out there, or take it out of `domains`, or take another port with --port",
                )
        self._comes_last(place, same)

    def _comes_last(self, place: str, same: list[Server]) -> None:
        """Where nobody says who answers for names that nobody has, the first does."""
        said = any(listen.default and listen.place == place for server in same for listen in server.listens)
        if same and not said and same[0] not in self.host.before:
            raise UsageError(
                f"{same[0].file} answers on {place} for names that nobody has only as long as it is the first there",
                "write `default_server` behind its `listen`, so that it stays so; or take another port with --port",
            )


def _bucket(host: str) -> int:
    """Return the size of the buckets that nginx needs for a name: a pointer, the name, its length and an end.

    NGX_HASH_ELT_SIZE in ngx_hash.c, on 64 bits. Of a wildcard it keeps each label by itself.
    """
    longest = max(map(len, host.split("."))) if host.startswith("*") else len(host)
    taken = 2 * _POINTER + -(-(longest + 2) // _POINTER) * _POINTER
    return -(-taken // BUCKET) * BUCKET


def mark_of(layout: Layout) -> str:
    """Return what tells the names of one state directory's apps, in a config that others share, from all else."""
    return f"_{hashlib.sha256(str(layout.home).encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"


def site_name(mark: str) -> str:
    """Return what the file of our sites is called."""
    return f"zz-uncork{mark.replace('_', '-')}.conf"


def _crosses(theirs: Listen, ours: Listen) -> bool:
    """Whether one of two stands for all addresses, and the other for one of them, on the same port."""
    (their, _, _), (our, _, _) = (one.place.rpartition(":") for one in (theirs, ours))
    alike = their.startswith("[") == our.startswith("[")
    return theirs.port == ours.port and alike and their != our and bool({EVERYWHERE, "[::]"} & {their, our})


def _stays_within(app: App, file: File) -> None:
    """Raise UsageError where a project's own words would have root open, make or run what they name."""
    for directive in (inner for outer in parse(file.content) for inner in outer.all()):
        own = directive.name == "access_log" and directive.words[1:2] in {(str(app.access_log),), ("off",)}
        if REACHES.fullmatch(directive.name) and not own:
            raise UsageError(
                f"`{directive.name}` in what {app.site.app} adds to nginx's config would be carried out by root",
                "take it out of the project's uncork/ folder, or write `front = \"nginx\"`, which is not root's",
            )


def _rotation(layout: Layout, host: Host, account: Account | None) -> str:
    """On a machine set up for serving the apps' own groups come and go, and one that is gone stops all rotation."""
    group = layout.keepers or (account.group if account else "root")
    return render(__package__, "logrotate.conf.j2", _rotated, layout=layout, host=host, group=group)


def _rotated(value: str) -> str:
    """Return a value as logrotate's config says it. Raises UsageError where no way to say it exists."""
    if not value.isprintable() or any(mark in value.removesuffix("/*.log") for mark in '"\\{}*?['):
        raise UsageError(f"logrotate's config can't carry {value!r}", "choose another path for the state directory")
    return f'"{value}"' if set(value) & set(" #=") else value
