"""Have a CA certify an app's names by ACME, and the front show what it gave."""

import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

from uncork.apply import apply
from uncork.errors import UserError
from uncork.machine import commands, files, processes
from uncork.machine.certificate_request import Issued, issued, kept, request
from uncork.model import Facts, Release
from uncork.notices import Certificate
from uncork.plan import File, Plan, Run
from uncork.recipes import acme
from uncork.recipes.front import RELOAD, Served, sites
from uncork.recipes.https import settled
from uncork.records import encode_certificate
from uncork.serving import Address
from uncork.workflows.front import port_is_free, refreshed
from uncork.workflows.work import FRONT_WAIT, Work

TRUSTED: Final = Path("/etc/ssl/certs/ca-certificates.crt")
"""The CAs that a machine trusts, as Debian has them; without it those that are known to everybody."""


def issue(work: Work, release: Release, *, force: bool) -> None:
    """Bring a certificate for what is live of an app to the front. Raises UserError or StepFailedError.

    One that was given, and that the front did not take then, is not asked for again: CAs count. By `force` it is.
    """
    given = None if force else _kept(work, release)
    _show(work, release, given or _ordered(work, release))


def _kept(work: Work, release: Release) -> Issued | None:
    """Return what is on disk already, if it will do as it is."""
    paths, site = work.layout.app(release.app), release.site
    found = kept(_text(paths.issued_certificate), _text(paths.issued_passphrase))
    if found is None:
        return None
    known = Certificate(found.names, found.begins, found.ends, found.server)
    return None if acme.is_due(known, site, time.time()) else replace(found, names=acme.names(site))


def _ordered(work: Work, release: Release) -> Issued:
    """Ask the CA, as the account that everything but apps runs as: the key stays here."""
    paths, server = work.layout.app(release.app), release.site.tls.directory
    passphrase = _text(paths.issued_passphrase)
    asked = request(acme.names(release.site), _text(paths.issued_certificate), passphrase)
    trusted = str(TRUSTED) if TRUSTED.exists() else ""
    chain = _answer(work, acme.order(work.layout, release.site, asked.text, sys.executable, trusted))
    return issued(asked, chain, server, passphrase)


def _answer(work: Work, step: Run) -> str:
    """Return the certificates that the CA gave. Raises UserError with why it gave none."""
    account = processes.account()
    apply(Plan(acme.folders(work.layout)), account, work.report)
    work.report.begin(step.why)
    begun = time.monotonic()
    told: dict[str, str] = json.loads(commands.run(step, account))
    work.report.end(step.why, time.monotonic() - begun)
    if "problem" in told:
        raise UserError(told["problem"], told["fix"])
    return told["chain"]


def _text(path: Path) -> str:
    return files.read(path).strip() if path.exists() else ""


def _show(work: Work, release: Release, given: Issued) -> None:
    """Have the front show a certificate, which takes a reload only where there are names that had none.

    Who may get to it gets a key that is locked: only root may read by what. Where that is another than before nginx is
    to learn of it.
    """
    paths = work.layout.app(release.app)
    if _text(paths.issued_passphrase) != given.passphrase:
        work.do(File(work.layout.front_pending, RELOAD))
    known = Certificate(given.names, given.begins, given.ends, given.server)
    work.do(
        File(paths.issued_passphrase, given.passphrase + "\n", 0o600),
        File(paths.issued_certificate, given.text, why="bring the certificate to nginx"),
    )
    with files.hold_waiting(work.layout.lock, FRONT_WAIT):
        facts = _with(work.facts(), release.app, known)
        work = work.behind(facts.front or work.front.name)
        served = Served(facts.address or Address(), sites(facts))
        port_is_free(facts, settled(served.address, served.sites), work.front)
        front = refreshed(work, facts, served)
        record = File(paths.certificate, encode_certificate(known))
        apply(Plan(front.prepare, (*front.switch, record), front.revert), work.account, work.report)


def _with(facts: Facts, app: str, known: Certificate) -> Facts:
    """The facts as they will be."""
    return replace(facts, apps=tuple(replace(one, certificate=known) if one.name == app else one for one in facts.apps))
