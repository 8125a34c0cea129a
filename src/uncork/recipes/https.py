"""The port for HTTPS, and the certificates that the front needs before it reads its config."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from uncork.errors import UsageError
from uncork.fronts.certificates import SELF_SIGNED, certificate, certified
from uncork.layout import Layout
from uncork.model import Facts
from uncork.plan import Certify, File, Remove, Step
from uncork.serving import Address, Site, Tls


@dataclass(frozen=True)
class Certificates:
    """The steps that bring certificates to where the front's config names them, and those that take them back."""

    make: tuple[Step, ...] = ()
    back: tuple[Step, ...] = ()


def settled(address: Address, sites: tuple[Site, ...]) -> Address:
    """Return the address with the port for HTTPS: what the first site that says one says; 0 if no site has HTTPS."""
    secure = tuple(site.tls for site in sites if site.tls.on)
    said = next((tls.port for tls in secure if tls.port), Tls().beside(address.port))
    return replace(address, tls_port=said if secure else 0)


def check_port(facts: Facts, site: Site, address: Address, written: str) -> None:
    """Raise UsageError where a site's port for HTTPS can't be: other apps answer on another, or HTTP is there.

    `written` says where the config has the keys for HTTPS.
    """
    asked = site.tls.port if site.tls.asked else 0
    others = tuple(
        a.name for a in facts.apps if a.name != site.app and a.live_release and a.live_release.site.tls.asked
    )
    if asked and others and facts.address and facts.address.tls_port not in {0, asked}:
        raise UsageError(
            f"the config of {site.app} asks for port {asked} for HTTPS, but the front answers it on "
            f"{facts.address.tls_port}, and {', '.join(others)} with it: the apps of a state directory share one front",
            f"take `port` out {written}, or use another state directory with --home",
        )
    if site.tls.asked and address.port == (address.tls_port or site.tls.port):
        fix = f"write another `port` {written}, or take another port for HTTP with --port"
        raise UsageError(f"port {address.port} can't be for both HTTP and HTTPS", fix)


def certificates(
    layout: Layout, address: Address, sites: tuple[Site, ...], lasting: frozenset[Path], given: Mapping[File, str]
) -> Certificates:
    """Return what it takes that each site has the certificate that the front is to show.

    `lasting` are those of the local CA that will do; `given` are others that come now, with what was there before
    them, "" if nothing was.
    """
    made = tuple(
        _certify(layout, path, certified(site, address))
        for site in sites
        if site.tls.kind == SELF_SIGNED and (path := certificate(layout, site, address)) not in lasting
    )
    new = {file: before for file, before in given.items() if file.content != before}
    back = (replace(file, content=before) if before else Remove(file.path) for file, before in new.items())
    return Certificates((*made, *new), tuple(back))


def _certify(layout: Layout, path: Path, names: tuple[str, ...]) -> Certify:
    keys = (layout.authority, layout.authority_key)
    return Certify(path, names, *keys, "make a certificate", serving=not layout.machine)
