"""Which apps answer under which host names: the apps that share a name are told apart by their mounts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from uncork.errors import UsageError
from uncork.serving import Site

# RFC 1123, and the underscore that some names in private networks have; a wildcard stands for whole labels. A machine
# may be called by its IPv6 address, which an URL has in brackets (RFC 3986).
HOST: Final = re.compile(
    r"(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?|\[[0-9a-f:.]+\]"
)
LONGEST: Final = 253


@dataclass(frozen=True)
class Names:
    """Host names that mean the same, and the apps that answer under them."""

    hosts: tuple[str, ...]
    sites: tuple[Site, ...]

    @property
    def secure(self) -> tuple[Site, ...]:
        """The apps that answer HTTPS under them; names that a CA has not certified yet are no names of others'."""
        return tuple(site for site in self.sites if site.tls.covers(self.hosts[0]))

    @property
    def trusted(self) -> tuple[str, ...]:
        """The proxies that are believed who the visitor is: apps that share a name share them."""
        return tuple(dict.fromkeys(network for site in self.sites for network in site.trusted_proxies))


def first_at_each_mount(sites: tuple[Site, ...]) -> tuple[Site, ...]:
    """Return the apps that answer where no name says which: at each mount the first that was deployed there."""
    found: dict[str, Site] = {}
    for site in sites:
        found.setdefault(site.mount, site)
    return tuple(found.values())


def by_names(sites: tuple[Site, ...]) -> tuple[Names, ...]:
    """Return the groups of names, in the order of their first app. Each app has a name under `.localhost` too.

    Raises UsageError for what is no host name, and for two apps at the same URL.
    """
    apps: dict[str, tuple[Site, ...]] = {}
    for site in sites:
        for host in hosts(site):
            apps[host] = (*_not_at(apps.get(host, ()), site, host), site)
    groups: dict[tuple[tuple[Site, ...], tuple[bool, ...]], list[str]] = {}
    for host, found in apps.items():
        groups.setdefault((found, tuple(site.tls.covers(host) for site in found)), []).append(host)
    return tuple(Names(tuple(names), found) for (found, _), names in groups.items())


def hosts(site: Site) -> Iterator[str]:
    """Yield the host names that an app answers to, `<app>.localhost` first. Raises UsageError for what is none."""
    yield f"{site.app}.localhost"
    for domain in dict.fromkeys(domain.lower() for domain in site.domains):
        if not HOST.fullmatch(domain) or len(domain) > LONGEST:
            raise UsageError(
                f"{domain[:300]!r} is no host name, but a domain of {site.app}",
                "write a name like `example.com` or `*.example.com`; one with other letters as IDNA (`xn--...`)",
            )
        if domain != f"{site.app}.localhost":
            yield domain


def _not_at(others: tuple[Site, ...], site: Site, host: str) -> tuple[Site, ...]:
    for other in others:
        if other.mount == site.mount:
            raise UsageError(
                f"{other.app} and {site.app} would both answer at {host}{site.mount}",
                f'give {site.app} domains = ["..."] of its own in its config, or a path: mount = "/{site.app}"',
            )
    return others
