"""Who answers an app's requests, where that is not the release on this machine alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from uncork.serving import LOCAL, Site, Upstream

FAILS: Final = 2
"""So many requests in 10 s must fail at a backend until it is left out for as long."""


@dataclass(frozen=True)
class Backend:
    """One of those that answer: `fails` is how many failures take it out for a while, 0 for none ever."""

    address: str
    weight: int = 1
    backup: bool = False
    fails: int = FAILS


def backends(site: Site, local: str) -> tuple[Backend, ...]:
    """Return who answers, the release on this machine at `local`; empty where it is alone."""
    if all(one.address == LOCAL for one in site.upstreams):
        return ()
    named = any(one.address == LOCAL for one in site.upstreams)
    return tuple(_all(site.upstreams if named else (Upstream(LOCAL), *site.upstreams), local))


def _all(upstreams: tuple[Upstream, ...], local: str) -> Iterator[Backend]:
    """The release on this machine is asked in any case once nobody else is left, whatever became of it before."""
    for one in upstreams:
        if one.address != LOCAL:
            yield Backend(one.address, one.weight, one.backup)
        elif not one.backup:
            yield Backend(local, one.weight)
    yield Backend(local, backup=True, fails=0)
