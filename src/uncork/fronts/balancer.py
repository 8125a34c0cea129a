"""An nginx that shares an app's requests out among machines; some of them are left out while they change."""

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from uncork.errors import UsageError
from uncork.fronts.host import Host
from uncork.fronts.nginx_sites import escape
from uncork.layout import Layout
from uncork.plan import File
from uncork.rendering import render

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
    long a host may take to answer.
    """

    app: str
    port: int
    names: tuple[str, ...]
    hosts: tuple[tuple[str, str], ...]
    outs: tuple[tuple[int, ...], ...] = ()
    least_connections: bool = False
    timeout: float = 30.0

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
    return f"uncork-balancer-{app}.conf"


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
    for server in host.servers:
        taken = sorted({*balanced.names} & {*server.names})
        if taken and any(listen.port == balanced.port for listen in server.listens):
            raise UsageError(
                f"{taken[0]} on port {balanced.port} is the site in {server.file} already",
                "take it out there, or give the balancer another `port` or other `domains`",
            )
    values = {
        "balanced": balanced,
        "places": tuple(_places(host, balanced.port)),
        "folder": layout.balancer(balanced.app),
        "variable": f"uncork_balancer_{balanced.app.replace('-', '_')}",
    }
    return File(site(host, balanced.app), render(__package__, "balancer.conf.j2", escape, **values))


def _places(host: Host, port: int) -> Iterator[str]:
    """Yield where it listens. A machine without IPv6 has nobody who listens there, and could not."""
    yield str(port)
    if any(listen.place == f"[::]:{port}" for server in host.servers for listen in server.listens):
        yield f"[::]:{port}"
