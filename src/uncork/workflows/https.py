"""HTTPS: the certificate that a project gives, those of the local CA, and what there is to say of them."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from shutil import which
from typing import Final

from uncork.config import Config
from uncork.config.tls import FILES
from uncork.fronts.certificates import SELF_SIGNED, certificate
from uncork.layout import Layout
from uncork.machine import certificates, files
from uncork.model import Facts
from uncork.notices import Trouble
from uncork.plan import File
from uncork.recipes import https
from uncork.recipes.front import Served
from uncork.recipes.https import Certificates
from uncork.serving import Site

ENDS_SOON: Final = timedelta(days=21)
STORES: Final = (
    (
        "update-ca-certificates",
        "sudo cp {ca} /usr/local/share/ca-certificates/uncork.crt && sudo update-ca-certificates",
    ),
    ("trust", "sudo trust anchor {ca}"),
    ("security", "sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain {ca}"),
)
"""How a system is told to trust a CA, by the program that it has for it."""


def given(layout: Layout, root: Path, config: Config) -> tuple[File, ...]:
    """Return the copy of the certificate that a config names, checked; nothing if it names none. Raises UsageError."""
    tls = config.tls
    if tls.kind != FILES:
        return ()
    text = certificates.given(root / tls.cert, root / tls.key, config.domains)
    return (File(layout.app(config.name).given_certificate, text, secret=True, why="copy the certificate"),)


def secured(layout: Layout, wanted: Served) -> Certificates:
    """Return what it takes that each site that is wanted has its certificate."""
    own = (site for site in wanted.sites if site.tls.kind == SELF_SIGNED)
    paths = {certificate(layout, site, wanted.address) for site in own}
    lasting = frozenset(path for path in paths if certificates.lasts(path, layout.authority))
    before = {file: files.read(file.path) if file.path.exists() else "" for file in wanted.given}
    return https.certificates(layout, wanted.address, wanted.sites, lasting, before)


def notes(layout: Layout, site: Site) -> tuple[str, ...]:
    """Return how to have the local CA trusted, where an app is signed by it and this machine doesn't trust it yet."""
    if site.tls.kind != SELF_SIGNED or certificates.trusted(layout.authority):
        return ()
    told = next((how.format(ca=layout.authority) for program, how in STORES if which(program)), "")
    here = f"this machine: {told}; " if told else ""
    by_hand = f"a browser: import that file under certificates, authorities; curl: --cacert {layout.authority}"
    return (f"its certificate is signed by the local CA in {layout.authority}. To have it trusted by {here}{by_hand}",)


def troubles(layout: Layout, facts: Facts) -> Iterator[Trouble]:
    """Yield the certificates that end soon."""
    for app in facts.apps:
        release = app.live_release
        if not release or not release.site.tls.on or not facts.address:
            continue
        end = certificates.ends(certificate(layout, release.site, facts.address))
        if end and end - certificates.now() < ENDS_SOON:
            own = release.site.tls.kind == SELF_SIGNED
            fix = "`uncork restart` makes a new one" if own else "renew it, and deploy with `uncork up`"
            yield Trouble(
                app.name, f"its certificate ends at {end:%Y-%m-%d %H:%M} UTC: {fix}", f"{end - ENDS_SOON:%Y-%m-%d}"
            )
