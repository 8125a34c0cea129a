"""An nginx that shares an app's requests out among machines; some of them are left out while they change."""

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from uncork.errors import UsageError
from uncork.fronts.certificates import HERE, SELF_SIGNED
from uncork.fronts.host import Host
from uncork.fronts.nginx_sites import Block, filled
from uncork.fronts.nginx_text import parse
from uncork.layout import Layout
from uncork.plan import File
from uncork.serving import ACME, HTTPS, Tls

BALANCER: Final = "uncork-balancer-"
"""What the names of balancers' files begin with."""
MARGIN: Final = 5.0
"""Seconds that a host gets beyond its own limit to say that a request took too long."""


@dataclass(frozen=True)
class Group:
    """Hosts that share the requests, while the file of that name is there; the first group does where none is."""

    name: str
    file: str
    addresses: tuple[str, ...]
    out: tuple[int, ...] = ()


@dataclass(frozen=True)
class Balanced:
    """An app whose requests are shared out: the port and host names, the hosts as (name, address).

    `outs` are those sets of hosts, by their numbers, that are out together at some time of a deploy. `seconds` is how
    long a host may take to answer. HTTPS (`tls`) ends here: hosts are spoken to by HTTP.
    """

    app: str
    port: int
    names: tuple[str, ...]
    hosts: tuple[tuple[str, str], ...]
    outs: tuple[tuple[int, ...], ...] = ()
    least_connections: bool = False
    timeout: float = 30.0
    tls: Tls = field(default_factory=Tls)

    @property
    def tls_port(self) -> int:
        """The port for HTTPS; 0 where it does not answer it, by ACME before the first certificate."""
        return self.tls.beside(self.port) if self.tls.on else 0

    @property
    def certified(self) -> tuple[str, ...]:
        """The names and addresses that a certificate of the local CA is made out for."""
        return (*self.names, *HERE)

    @property
    def groups(self) -> tuple[Group, ...]:
        """All hosts, and what is left of them without each of the sets."""
        return tuple(self._group(number, out) for number, out in enumerate(((), *self.outs)))

    @property
    def seconds(self) -> int:
        """How long it waits for a host."""
        return math.ceil(self.timeout + MARGIN)

    def without(self, names: frozenset[str]) -> Group:
        """Return who shares the requests while hosts of these names are out, others too if nginx knows no such set.

        All do where it knows none, or nobody would be left.
        """
        out = {n for n, (name, _) in enumerate(self.hosts) if name in names}
        knowing = (group for group in self.groups if out <= {*group.out})
        return min(knowing, key=lambda group: len(group.out), default=self.groups[0])

    def _group(self, number: int, out: tuple[int, ...]) -> Group:
        left = tuple(address for n, (_, address) in enumerate(self.hosts) if n not in out)
        names = "\0".join(name for n, (name, _) in enumerate(self.hosts) if n in out)
        file = f"out-{hashlib.sha256(names.encode()).hexdigest()[:12]}"
        return Group(f"uncork-balancer-{self.app}-{number}", file, left, out)


def site_name(app: str) -> str:
    """Return what the file of a balancer's site is called."""
    return f"{BALANCER}{app}.conf"


def site(host: Host, app: str) -> Path:
    """Return the file of a balancer among the machine's sites."""
    return Path(host.folder, site_name(app))


def config(layout: Layout, host: Host, balanced: Balanced) -> File:
    """Return the balancer's site. Raises UsageError where the machine's nginx can't have it beside what it has."""
    if not host.folder:
        raise UsageError(
            "the config of the system's nginx includes no folder for sites",
            "add `include /etc/nginx/conf.d/*.conf;` to the http block in nginx.conf",
        )
    for port in (balanced.port, balanced.tls_port):
        _beside(host, balanced, port)
    word, secure = balanced.app.replace("-", "_"), balanced.tls_port
    values = {
        "balanced": balanced,
        "blocks": tuple(_blocks(layout, balanced)),
        "places": tuple(_places(host, balanced.port)),
        "addresses": tuple(_places(host, secure)),
        # Before 1.25.1 it would be for others' sites on the port as well.
        "http2": not any(listen.port == secure for server in host.servers for listen in server.listens),
        "host": "$host" if secure == HTTPS else f"$host:{secure}",
        "nginx": host.dialect,
        "folder": layout.balancer(balanced.app),
        "variable": f"uncork_balancer_{word}",
        "mark": f"_balancer_{word}",
    }
    return File(site(host, balanced.app), filled("balancer.conf.j2", **values))


def ports(host: Host, text: str) -> frozenset[int]:
    """Return where the machine's nginx listens: for others, and for the site of a balancer that has this text."""
    own = (
        found.words[1] for one in parse(text) if one.name == "server" for found in one.block if found.name == "listen"
    )
    others = (listen.port for server in host.servers for listen in server.listens)
    return frozenset((*others, *(int(place.rpartition(":")[2]) for place in own)))


def certificate(layout: Layout, balanced: Balanced) -> Path:
    """Return the file with the certificate that it shows, and its key."""
    kept = layout.balancer_tls(balanced.app)
    if balanced.tls.kind == SELF_SIGNED:
        return kept.own(balanced.certified)
    return kept.issued if balanced.tls.kind == ACME else kept.given


def _beside(host: Host, balanced: Balanced, port: int) -> None:
    """Raise UsageError where the site of somebody else has one of the names on that port."""
    for server in host.servers:
        taken = sorted({*balanced.names} & {*server.names})
        if taken and any(listen.port == port for listen in server.listens):
            raise UsageError(
                f"{taken[0]} on port {port} is the site in {server.file} already",
                "take it out there, or give the balancer another `port` or other `domains`",
            )


def _blocks(layout: Layout, balanced: Balanced) -> Iterator[Block]:
    """Yield the names that it answers by HTTPS, and those that a CA has not certified, by HTTP alone."""
    tls, kept = balanced.tls, layout.balancer_tls(balanced.app)
    issued = tls.kind == ACME
    challenges = str(layout.challenges) if issued else ""
    secure = tuple(name for name in balanced.names if tls.covers(name.lower()))
    if secure:
        passphrase = str(kept.passphrase) if issued else ""
        shown = str(certificate(layout, balanced))
        yield Block(secure, (), (), shown, int(tls.hsts), challenges, passphrase=passphrase)
    plain = tuple(name for name in balanced.names if name not in secure)
    if plain:
        yield Block(plain, (), (), "", 0, challenges)


def _places(host: Host, port: int) -> Iterator[str]:
    """Yield where it listens. A machine without IPv6 has nobody who listens there, and could not."""
    yield str(port)
    if any(listen.place == f"[::]:{port}" for server in host.servers for listen in server.listens):
        yield f"[::]:{port}"
