"""How an app is served: by which server, and what the front does with its requests. Frozen values."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

LOCAL: Final = "local"
"""The address of an upstream that is the release on this machine."""
ACME: Final = "acme"
"""The kind of HTTPS whose certificates a CA gives by itself."""
LETS_ENCRYPT: Final = "https://acme-v02.api.letsencrypt.org/directory"
STAGING: Final = "https://acme-staging-v02.api.letsencrypt.org/directory"
HTTP: Final = 80
HTTPS: Final = 443
UNPRIVILEGED: Final = 8443
THIS_MACHINE: Final = "local"
"""The target that is the machine uncork is called on."""

PROCESSES: Final = "UNCORK_PROCESSES"
"""Tells a server how many processes are to answer."""


class Protocol(Enum):
    """What a server speaks on its socket."""

    UWSGI = "uwsgi"
    HTTP = "http"


@dataclass(frozen=True)
class ServerSettings:
    """Which server runs an app, and how. Times are in seconds.

    `protocol` is one of uWSGI's ways (`uwsgi`, `http-socket`, `http`); other servers have but one.
    `gevent` is how many requests a process answers at once by greenlets; `cheaper` is how few processes there may be,
    up to the app's `processes`; after `idle` without a request there are none. 0 is off.
    """

    kind: str = "uwsgi"
    protocol: str = "uwsgi"
    gevent: int = 0
    cheaper: int = 0
    idle: float = 0.0


@dataclass(frozen=True)
class Limits:
    """What one run of a release may take: bytes of memory, cores, processes and threads; 0 is as much as there is."""

    memory: int = 0
    cpu: float = 0.0
    tasks: int = 0

    @property
    def any(self) -> bool:
        """Whether there is one."""
        return bool(self.memory or self.cpu or self.tasks)


@dataclass(frozen=True)
class Service:
    """How one release, or a front, is run, whatever it is.

    It accepts on file descriptor 3, which the supervisor holds, as systemd would pass it (LISTEN_FDS and LISTEN_PID are
    set, sd_listen_fds(3)); standard input is empty, so that what the app starts can't read the socket. One that can't
    (`binds`) binds by itself, a server at UNCORK_SOCKET; below port 1024 only if `low_port` says so.
    It keeps its own files (stats socket, pid file) in the folder that UNCORK_RUN names. `env` holds no secrets.
    `stop_seconds` is what the server gets to finish its requests after `stop_signal`, before it is killed. At
    `reopen_signal` the process that `server.pid` in UNCORK_RUN names opens its log again; empty: there is none. One
    that `notifies` says by itself that it is up (sd_notify(3)).
    """

    argv: tuple[str, ...]
    directory: str
    speaks: Protocol
    env: tuple[tuple[str, str], ...] = ()
    stop_signal: str = "TERM"
    stop_seconds: float = 30.0
    reopen_signal: str = ""
    binds: bool = False
    low_port: bool = False
    notifies: bool = False
    limits: Limits = Limits()


@dataclass(frozen=True)
class Address:
    """Where the front answers: the address it is bound to, the port, and the port for HTTPS (0: none).

    `shared`: others' sites answer there too, so that an app is reached by its names alone.
    """

    bind: str = "127.0.0.1"
    port: int = 8000
    tls_port: int = 0
    shared: bool = False

    @property
    def everywhere(self) -> bool:
        """Whether it is bound to all addresses of the machine."""
        return self.bind in {"0.0.0.0", "::"}  # noqa: S104 -- named so that it can be told from the rest

    @property
    def host(self) -> str:
        """What it is bound to, as in a URL."""
        return f"[{self.bind}]" if ":" in self.bind else self.bind

    @property
    def here(self) -> str:
        """What this machine reaches it by, as in a URL."""
        return "127.0.0.1" if self.everywhere else self.host

    def place(self, port: int) -> str:
        """The address with that port, as in a URL."""
        return f"{self.host}:{port}"


@dataclass(frozen=True)
class Outside:
    """A front of the machine's: the files outside of the state directory that are ours, and its pid file."""

    files: tuple[str, ...]
    pid_file: str


@dataclass(frozen=True)
class Static:
    """A folder that the front serves by itself: the URL path it stands for (`/static/`), and the folder."""

    url: str
    directory: str


@dataclass(frozen=True)
class Upstream:
    """Who answers an app's requests: `local`, `host:port` or `unix:/path`, its share, and whether only in need."""

    address: str
    weight: int = 1
    backup: bool = False


@dataclass(frozen=True)
class PathRule:
    """What holds for the URLs that begin with `path`, in place of what holds for the site; None is the site's.

    `timeout` is in seconds, `max_body` in bytes. `allow` are the addresses (CIDR) that may come, all if there is none;
    `basic_auth` is the file (htpasswd) of those who may, of the project's or absolute.
    """

    path: str
    timeout: float | None = None
    max_body: int | None = None
    cache: bool | None = None
    allow: tuple[str, ...] = ()
    basic_auth: str = ""


@dataclass(frozen=True)
class Cache:
    """Whether the front keeps what the app says may be kept, and how many bytes of it."""

    on: bool = False
    size: int = 256 * 1024**2


@dataclass(frozen=True)
class Tls:
    """HTTPS: `kind` is `off`, `self-signed`, `files` with a certificate and a key (PEM), or `acme`.

    `port` 0 stands for 443 beside port 80, else 8443. `hsts` is in seconds, 0 for none. For `acme`: `email` is the
    account's at the CA, `server` the URL of its directory, empty for Let's Encrypt's or, with `staging`, the one for
    trying; `names` are those that are certified by now.
    """

    kind: str = "off"
    cert: str = ""
    key: str = ""
    port: int = 0
    redirect: bool = True
    hsts: float = 0.0
    email: str = ""
    server: str = ""
    staging: bool = False
    names: tuple[str, ...] = ()

    @property
    def directory(self) -> str:
        """The URL of the directory of the CA for `acme`."""
        return self.server or (STAGING if self.staging else LETS_ENCRYPT)

    @property
    def asked(self) -> bool:
        """Whether the app is to answer HTTPS, sooner or later."""
        return self.kind != "off"

    @property
    def on(self) -> bool:
        """Whether the app answers HTTPS; by ACME only from the first certificate on."""
        return self.asked and (self.kind != ACME or bool(self.names))

    def beside(self, port: int) -> int:
        """Return the port for HTTPS, where HTTP has that one."""
        return self.port or (HTTPS if port == HTTP else UNPRIVILEGED)

    def covers(self, host: str) -> bool:
        """Whether the app answers HTTPS under that name: by ACME only under those that are certified."""
        return self.on and (self.kind != ACME or host in self.names)


@dataclass(frozen=True)
class FrontSettings:
    """What stands before an app's server; `kind` is empty for whatever is there, at first what suits the server.

    `balance` says how requests are shared out among `upstreams`: `round-robin`, or `least-connections`.
    `trusted_proxies` (CIDR) are believed who the visitor is, and by which scheme.
    """

    kind: str = ""
    balance: str = "round-robin"
    upstreams: tuple[Upstream, ...] = ()
    paths: tuple[PathRule, ...] = ()
    trusted_proxies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Maintenance:
    """That visitors are told to come again; `page` is an HTML file, empty for ours. `allow` (CIDR) get through."""

    page: str = ""
    allow: tuple[str, ...] = ()


@dataclass(frozen=True)
class Site:
    """How the front serves one app. `max_body` is in bytes, `request_timeout` in seconds; None is the default.

    `cookies` are the names of those by which the app knows a visitor; none is known of an app that can't tell.
    `trusted_proxies` (CIDR) are believed who the visitor is. `server_snippet` is what the project adds to the front's
    config of it, `template` what it has in place of ours.
    """

    app: str
    speaks: Protocol
    domains: tuple[str, ...] = ()
    mount: str = "/"
    static: tuple[Static, ...] = ()
    max_body: int | None = None
    request_timeout: float = 30.0
    stopped: bool = False
    health: str = ""
    balance: str = "round-robin"
    upstreams: tuple[Upstream, ...] = ()
    paths: tuple[PathRule, ...] = ()
    cache: Cache = Cache()
    cookies: tuple[str, ...] = ()
    tls: Tls = Tls()
    maintenance: Maintenance | None = None
    server_snippet: str = ""
    template: str = ""
    trusted_proxies: tuple[str, ...] = ()

    @property
    def keeps(self) -> bool:
        """Whether the front keeps any of its responses."""
        return any((self.cache.on, *(rule.cache for rule in self.paths)))


@dataclass(frozen=True)
class Balancer:
    """The machine that shares requests out among the hosts of a target, and how.

    `addresses` are what it reaches the hosts by, in their order, where that is not what SSH reaches them by.
    """

    host: str
    port: int = 80
    domains: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    balance: str = "round-robin"


@dataclass(frozen=True)
class Target:
    """Where a deploy goes: its machines as `ssh` takes them (none: this one), and how many change at once.

    `wheels` is `index` where the machines get packages by themselves, `send` where they are sent.
    """

    name: str
    hosts: tuple[str, ...] = ()
    batch: int = 1
    wheels: str = "index"
    balancer: Balancer | None = None
