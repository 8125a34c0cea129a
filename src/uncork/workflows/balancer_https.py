"""HTTPS of a balancer: the certificate that it is given, that the local CA makes, or that a CA gives by ACME."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from uncork.app_layout import TlsFiles
from uncork.config.tls import FILES
from uncork.errors import UsageError
from uncork.fronts.balancer import Balanced, certificate, site_name
from uncork.fronts.certificates import SELF_SIGNED
from uncork.layout import Layout
from uncork.machine import certificates, files, host
from uncork.machine.certificate_request import Issued
from uncork.notices import Trouble
from uncork.plan import Certify, File, Remove
from uncork.recipes import acme
from uncork.recipes.acme import Subject
from uncork.report import Reporter
from uncork.serving import ACME
from uncork.workflows import balancers, https, issuing
from uncork.workflows.apps import shared_out
from uncork.workflows.balancers import Shown
from uncork.workflows.work import FRONT_WAIT


@dataclass(frozen=True)
class Holder:
    """The balancer of an app, as who shows a certificate that a CA gives."""

    layout: Layout
    app: str
    report: Reporter
    balancer: ClassVar[bool] = True

    @property
    def files(self) -> TlsFiles:
        """Where it is kept."""
        return self.layout.balancer_tls(self.app)

    def subject(self) -> Subject:
        """Return whom the CA is to certify. Raises UsageError where the balancer was removed."""
        return subject(self.layout, self._balanced())

    def show(self, given: Issued) -> None:
        """Have nginx show a certificate, which takes a reload only where names had none, or the passphrase changed."""
        with files.hold_waiting(self.layout.lock, FRONT_WAIT):
            balanced = self._balanced()
            own, record = issuing.written(self.files, given)
            changed = issuing.text_of(self.files.passphrase) != given.passphrase
            shown = Shown(own, after=(record,), names=given.names, read=changed)
            nginx = host.beside(site_name(self.app))
            plan = balancers.planned(self.layout, nginx, balanced, shown)
            if plan:
                balancers.carry_out(plan, nginx, self.report)

    def _balanced(self) -> Balanced:
        found = balancers.balanced(self.layout, self.app)
        if found is None:
            raise UsageError(f"this machine is no balancer of {self.app}", "`uncork deploy` to its target makes it one")
        return found


def subject(layout: Layout, balanced: Balanced) -> Subject:
    """Return whom a CA is to certify of a balancer."""
    return acme.subject(balanced.names, balanced.tls, layout.balancer_tls(balanced.app))


def asking(layout: Layout, app: str | None, report: Reporter) -> tuple[Holder, ...]:
    """Return the balancers, of one app or of all, whose certificates a CA gives."""
    known = (balancers.balanced(layout, one) for one in shared_out(layout) if app in {None, one})
    return tuple(Holder(layout, one.app, report) for one in known if one and one.tls.kind == ACME)


def shown(layout: Layout, balanced: Balanced, given: str) -> Shown:
    """Return what comes to the machine with the certificate that a balancer is to show, if no CA gives it by ACME.

    `given` is what the project has (PEM, with its key), empty where it names files of this machine. Raises UsageError.
    """
    kept, tls = layout.balancer_tls(balanced.app), balanced.tls
    path = certificate(layout, balanced)
    if tls.kind == FILES:
        text = given or certificates.given(Path(tls.cert), Path(tls.key), balanced.names)
        before = files.read(kept.given) if kept.given.exists() else ""
        back = File(kept.given, before, 0o600) if before else Remove(kept.given)
        new = File(kept.given, text, 0o600, why="bring the certificate to nginx")
        return Shown((new,), (back,), read=True) if text != before else Shown()
    if tls.kind == SELF_SIGNED and not certificates.lasts(path, layout.authority):
        keys = (layout.authority, layout.authority_key)
        return Shown((Certify(path, balanced.certified, *keys, "make a certificate", serving=False),), read=True)
    return Shown()


def troubles(layout: Layout) -> Iterator[Trouble]:
    """Yield the certificates of balancers that end soon, and those that a CA does not give."""
    for app in shared_out(layout):
        balanced = balancers.balanced(layout, app)
        if balanced and balanced.tls.kind == ACME:
            yield from https.unissued(app, issuing.known(layout.balancer_tls(app)), "its balancer")
        elif balanced and balanced.tls.asked:
            own = balanced.tls.kind == SELF_SIGNED
            fix = "the next `uncork deploy` makes a new one" if own else "renew it, and deploy with `uncork deploy`"
            yield from https.ending(app, certificate(layout, balanced), "its balancer's", fix)
