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
from uncork.machine import certificates, files, moments
from uncork.model import AppFacts, Facts
from uncork.notices import Certificate, Trouble
from uncork.plan import File
from uncork.recipes import acme, https
from uncork.recipes.front import Served
from uncork.recipes.https import Certificates
from uncork.serving import ACME, Tls

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
    """Return the copy of the certificate that a config names, checked; nothing if it names none.

    Raises UsageError, also where no CA could give the one that the config asks for.
    """
    tls = config.own_tls
    acme.check(config, layout)
    if tls.kind != FILES:
        return ()
    text = certificates.given(root / tls.cert, root / tls.key, config.domains)
    # On a machine set up for serving nginx reads it as root, and the app has no business with it.
    to, why = layout.app(config.name).tls.given, "copy the certificate"
    return (File(to, text, 0o600, secret=not layout.machine, why=why),)


def told(layout: Layout, facts: Facts, app: AppFacts) -> str:
    """Return what a status report says of an app's certificate."""
    release = app.live_release
    if not release or not release.site.tls.asked or not facts.address:
        return "none: served over HTTP"
    if release.site.tls.kind == ACME:
        return _issued(app.certificate)
    try:
        end = certificates.ends(certificate(layout, release.site, facts.address))
    except ImportError:  # the agent of root's uncork may have lost its way to the library
        end = None
    return f"until {end:%Y-%m-%d}" if end else "there; `uncork status` tells when it ends soon"


def _issued(known: Certificate) -> str:
    until = f"until {moments.at(known.ends)}, renewed by itself" if known.names else "none yet: served over HTTP"
    return f"{until}; {known.problem}" if known.problem else until


def secured(layout: Layout, wanted: Served) -> Certificates:
    """Return what it takes that each site that is wanted has its certificate."""
    own = (site for site in wanted.sites if site.tls.kind == SELF_SIGNED)
    paths = {certificate(layout, site, wanted.address) for site in own}
    lasting = frozenset(path for path in paths if certificates.lasts(path, layout.authority))
    before = {file: files.read(file.path) if file.path.exists() else "" for file in wanted.given}
    return https.certificates(layout, wanted.address, wanted.sites, lasting, before)


def notes(layout: Layout, tls: Tls) -> tuple[str, ...]:
    """Return how to have the local CA trusted, where it signs what is shown and this machine doesn't trust it yet."""
    if tls.kind != SELF_SIGNED or certificates.trusted(layout.authority):
        return ()
    told = next((how.format(ca=layout.authority) for program, how in STORES if which(program)), "")
    here = f"this machine: {told}; " if told else ""
    by_hand = f"a browser: import that file under certificates, authorities; curl: --cacert {layout.authority}"
    return (f"its certificate is signed by the local CA in {layout.authority}. To have it trusted by {here}{by_hand}",)


def troubles(layout: Layout, facts: Facts) -> Iterator[Trouble]:
    """Yield the certificates that end soon, and those that a CA does not give."""
    for app in facts.apps:
        release = app.live_release
        if not release or not release.site.tls.asked or not facts.address:
            continue
        if release.site.tls.kind == ACME:
            yield from unissued(app.name, app.certificate, "it")
            continue
        own = release.site.tls.kind == SELF_SIGNED
        fix = "`uncork restart` makes a new one" if own else "renew it, and deploy with `uncork up`"
        yield from ending(app.name, certificate(layout, release.site, facts.address), "its", fix)


def ending(app: str, path: Path, whose: str, fix: str) -> Iterator[Trouble]:
    """Yield that a certificate ends soon, which nobody renews by itself."""
    end = certificates.ends(path)
    if end and end - certificates.now() < ENDS_SOON:
        what = f"{whose} certificate ends at {end:%Y-%m-%d %H:%M} UTC: {fix}"
        yield Trouble(app, what, f"{end - ENDS_SOON:%Y-%m-%d}")


def unissued(app: str, known: Certificate, who: str) -> Iterator[Trouble]:
    """A CA that gives certificates by itself is asked in time: what is worth telling is why it does not."""
    if known.problem:
        until = f", and keeps the one until {moments.at(known.ends)}" if known.names else " yet"
        what = f"{who} has no {'new ' if known.names else ''}certificate{until}: {known.problem}: {known.fix}"
        yield Trouble(app, what, moments.at(known.since))
