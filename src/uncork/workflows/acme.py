"""Certificates that a CA gives by ACME: got and renewed when they are due, and told of where that fails."""

import sqlite3
import time
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from uncork.alerts import delivery, messages
from uncork.app_layout import TlsFiles
from uncork.apply import apply
from uncork.layout import Layout
from uncork.machine import files, processes
from uncork.machine.certificate_request import Issued
from uncork.machine.identity import acting_as
from uncork.model import Facts, Release
from uncork.notices import Certificate
from uncork.plan import File, Plan
from uncork.recipes import acme
from uncork.recipes.acme import Subject
from uncork.recipes.address import url
from uncork.recipes.front import RELOAD, Served, sites
from uncork.recipes.https import settled
from uncork.report import Reporter
from uncork.serving import Address
from uncork.workflows import balancer_https
from uncork.workflows.front import port_is_free, refreshed
from uncork.workflows.issuing import Renewed, is_due, obtain, text_of, written
from uncork.workflows.take_over import Deployed
from uncork.workflows.work import FRONT_WAIT, Work, begin, existing

DAY: Final = 86400.0


@dataclass(frozen=True)
class Shown:
    """A certificate that the front shows for an app."""

    work: Work
    app: str
    balancer: ClassVar[bool] = False

    @property
    def files(self) -> TlsFiles:
        """Where it is kept."""
        return self.work.layout.app(self.app).tls

    def subject(self) -> Subject:
        """Return whom the CA is to certify for what is live of the app. Raises UsageError where nothing is."""
        site = existing(self.work.facts(), self.app).site
        return acme.subject(site.domains, site.tls, self.files)

    def show(self, given: Issued) -> None:
        """Have the front show a certificate, which takes a reload only where there are names that had none.

        Where the passphrase is another than before nginx is to learn of it.
        """
        work, (own, record) = self.work, written(self.files, given)
        if text_of(self.files.passphrase) != given.passphrase:
            work.do(File(work.layout.front_pending, RELOAD))
        work.do(*own)
        known = Certificate(given.names, given.begins, given.ends, given.server)
        with files.hold_waiting(work.layout.lock, FRONT_WAIT):
            facts = _with(work.facts(), self.app, known)
            work = work.behind(facts.front or work.front.name)
            served = Served(facts.address or Address(), sites(facts))
            port_is_free(facts, settled(served.address, served.sites), work.front)
            front = refreshed(work, facts, served)
            apply(Plan(front.prepare, (*front.switch, record), front.revert), work.account, work.report)


def _with(facts: Facts, app: str, known: Certificate) -> Facts:
    """The facts as they will be."""
    return replace(facts, apps=tuple(replace(one, certificate=known) if one.name == app else one for one in facts.apps))


def renew(layout: Layout, app: str | None, report: Reporter, *, force: bool) -> tuple[Renewed, ...]:
    """Get the certificates that are due, of one app or of all that have them from a CA; by `force` those that aren't.

    Those of apps that this machine is the balancer of are among them.
    Whoever gets an app's alerts is told what could not be had, once a day. After `down` there is nobody to show one.
    """
    facts = begin(layout, report).facts()
    wanted = [one for one in facts.apps if app in {None, one.name} and one.live_release and not facts.down]
    asking = [one.name for one in wanted if one.live_release and _asks(one.live_release)]
    done = tuple(_renewed(begin(layout, report, name), name, force=force) for name in asking)
    others = balancer_https.asking(layout, app, report)
    return (*done, *(obtain(layout, one, report, force=force) for one in others))


def certified(work: Work, deployed: Deployed, release: Release) -> Deployed:
    """Get the certificate that a deploy has made due, and return what serves then; that it failed is told, no more."""
    shown = Shown(work, release.app)
    if not is_due(acme.subject(release.site.domains, release.site.tls, shown.files)):
        return deployed
    got = obtain(work.layout, shown, work.report, force=False)
    facts = work.facts()
    address = facts.address or Address()
    address = replace(address, shared=work.front.shares(address))
    where = url(release.site, sites(facts), address, elsewhere=work.layout.machine)
    return replace(deployed, url=where, notes=(*deployed.notes, got.note))


def _asks(release: Release) -> bool:
    """Whether a CA is to certify names for a release."""
    return bool(acme.names(release.site.domains, release.site.tls))


def _renewed(work: Work, app: str, *, force: bool) -> Renewed:
    done = obtain(work.layout, Shown(work, app), work.report, force=force)
    if done.problem:
        _mail(work, existing(work.facts(), app), done)
    return done


def _mail(work: Work, release: Release, done: Renewed) -> None:
    """Its name keeps it from being sent twice a day."""
    message = messages.uncertified(release.app, done.problem, done.fix, done.ends)
    name = f"certificate-{int(time.time() // DAY)}"
    delivery.preload()
    try:
        with acting_as(processes.account()):
            delivery.post(work.layout.app(release.app), release, message, name, time.time())
    except (OSError, sqlite3.Error) as error:
        work.report.note(f"could not put a mail into the outbox: {error}")
