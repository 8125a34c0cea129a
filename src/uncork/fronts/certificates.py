"""Which certificate the front shows for an app, and the names that one of the local CA is made out for."""

from pathlib import Path
from typing import Final

from uncork.fronts.names import hosts
from uncork.layout import Layout
from uncork.serving import ACME, Address, Site

SELF_SIGNED: Final = "self-signed"
HERE: Final = ("localhost", "127.0.0.1", "::1")
"""What this machine is to itself."""


def certified(site: Site, address: Address) -> tuple[str, ...]:
    """Return the names and IP addresses that an app is reached at. Raises UsageError for what is no host name."""
    bound = () if address.everywhere or address.bind in HERE else (address.bind,)
    return (*hosts(site), *HERE, *bound)


def certificate(layout: Layout, site: Site, address: Address) -> Path:
    """Return the file with the certificate and its key.

    One that was given has one place, whatever the release: a rollback is no reason to go back to one that has ended.
    So has one that a CA gave by ACME. One of the local CA is named by whom it is for, so that a deploy that fails
    leaves that of before as it was.
    """
    kept = layout.app(site.app).tls
    if site.tls.kind == SELF_SIGNED:
        return kept.own(certified(site, address))
    return kept.issued if site.tls.kind == ACME else kept.given
