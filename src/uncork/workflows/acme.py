"""Certificates that a CA gives by ACME: ordered when they are due, brought to the front, failures told."""

import json
import sqlite3
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from uncork.alerts import delivery, messages
from uncork.apply import apply
from uncork.errors import StepFailedError, UserError
from uncork.layout import Layout
from uncork.machine import commands, files, moments, processes
from uncork.machine.certificate_request import Issued, issued, request
from uncork.machine.identity import acting_as
from uncork.model import AppFacts, Certificate, Facts, Release
from uncork.plan import File, Plan
from uncork.recipes import acme
from uncork.recipes.address import url
from uncork.recipes.front import Served, sites
from uncork.recipes.https import settled
from uncork.records import encode_certificate
from uncork.report import Reporter
from uncork.serving import Address
from uncork.workflows.audit import note
from uncork.workflows.front import port_is_free, refreshed
from uncork.workflows.take_over import Deployed
from uncork.workflows.work import FRONT_WAIT, Work, begin

TRUSTED: Final = Path("/etc/ssl/certs/ca-certificates.crt")
"""The CAs that a machine trusts, as Debian has them; without it those that are known to everybody."""
DAY: Final = 86400.0


@dataclass(frozen=True)
class Renewed:
    """What became of an app's certificate: until when it is good, UTC in ISO 8601, and whether it is a new one.

    `problem` and `fix` are why it could not be got; `ends` is None where there is none yet.
    """

    app: str
    names: tuple[str, ...]
    ends: str | None
    new: bool
    problem: str = ""
    fix: str = ""


def renew(layout: Layout, app: str | None, report: Reporter, *, force: bool) -> tuple[Renewed, ...]:
    """Get the certificates that are due, of one app or of all that have them from a CA; by `force` those that aren't.

    Whoever gets an app's alerts is told what could not be had, once a day.
    """
    wanted = [one for one in begin(layout, report).facts().apps if app in {None, one.name} and names_of(one)]
    return tuple(_renewed(begin(layout, report, one.name), one.name, force=force) for one in wanted)


def certified(work: Work, deployed: Deployed, release: Release) -> Deployed:
    """Get the certificate that a deploy has made due, and return what serves then; that it failed is told, no more."""
    found = work.facts().app(release.app)
    if not _is_due(found):
        return deployed
    got = _obtained(work, release.app, force=False)
    facts = work.facts()
    address = facts.address or Address()
    address = replace(address, shared=work.front.shares(address))
    where = url(release.site, sites(facts), address, elsewhere=work.layout.machine)
    return replace(deployed, url=where, notes=(*deployed.notes, _note(got)))


def names_of(app: AppFacts) -> tuple[str, ...]:
    """Return the names that a CA is to certify for what is live of an app."""
    return acme.names(app.live_release.site) if app.live_release else ()


def _is_due(app: AppFacts) -> bool:
    return app.live_release is not None and acme.is_due(app.certificate, app.live_release.site, time.time())


def _renewed(work: Work, app: str, *, force: bool) -> Renewed:
    done = _obtained(work, app, force=force)
    release = work.facts().app(app).live_release
    if done.problem and release:
        _mail(work, release, done)
    return done


def _obtained(work: Work, app: str, *, force: bool) -> Renewed:
    """Get a certificate if that is due, with nobody else asking the CA at the same time."""
    started = time.monotonic()
    with files.hold_waiting(work.layout.acme_lock, 2 * acme.MOST):
        found = work.facts().app(app)
        if not (force or _is_due(found)):
            return _of(app, found.certificate, new=False)
        try:
            _install(work, found, _ordered(work, found))
        except (UserError, StepFailedError) as error:
            _remember(work, found, error)
    after = work.facts().app(app).certificate
    spent = time.monotonic() - started
    note(work.layout, app, "renew", work.report, "failed" if after.problem else "ok", spent, after.problem)
    return _of(app, after, new=not after.problem)


def _of(app: str, known: Certificate, *, new: bool) -> Renewed:
    ends = moments.at(known.ends) if known.names else None
    return Renewed(app, known.names, ends, new, known.problem, known.fix)


def _ordered(work: Work, app: AppFacts) -> Issued:
    """Ask the CA, as the account that everything but apps runs as: the key stays here. Raises UserError."""
    release = app.live_release
    if release is None:
        raise UserError(f"{app.name} has no release that could run", "deploy it")
    paths = work.layout.app(app.name)
    passphrase = _text(paths.issued_passphrase)
    asked = request(names_of(app), _text(paths.issued_certificate), passphrase)
    trusted = str(TRUSTED) if TRUSTED.exists() else ""
    step = acme.order(work.layout, release.site, asked.text, sys.executable, trusted)
    account = processes.account()
    apply(Plan(acme.folders(work.layout)), account, work.report)
    work.report.begin(step.why)
    begun = time.monotonic()
    answer: dict[str, str] = json.loads(commands.run(step, account))
    work.report.end(step.why, time.monotonic() - begun)
    if "problem" in answer:
        raise UserError(answer["problem"], answer["fix"])
    return issued(asked, answer["chain"], passphrase)


def _text(path: Path) -> str:
    return files.read(path).strip() if path.exists() else ""


def _install(work: Work, app: AppFacts, given: Issued) -> None:
    """Have the front show a certificate, which takes a reload only where there are names that had none.

    Who may get to it gets a key that is locked: only root may read by what. Raises UserError.
    """
    paths, layout = work.layout.app(app.name), work.layout
    server = app.live_release.site.tls.directory if app.live_release else ""
    known = Certificate(given.names, given.begins, given.ends, server)
    work.do(
        File(paths.issued_passphrase, given.passphrase + "\n", 0o600),
        File(paths.issued_certificate, given.text, why="bring the certificate to nginx"),
    )
    with files.hold_waiting(layout.lock, FRONT_WAIT):
        facts = _with(work.facts(), app.name, known)
        work = work.behind(facts.front or work.front.name)
        served = Served(facts.address or Address(), sites(facts))
        port_is_free(facts, settled(served.address, served.sites), work.front)
        front = refreshed(work, facts, served)
        record = File(paths.certificate, encode_certificate(known))
        apply(Plan(front.prepare, (*front.switch, record), front.revert), work.account, work.report)


def _with(facts: Facts, app: str, known: Certificate) -> Facts:
    """The facts as they will be."""
    return replace(facts, apps=tuple(replace(one, certificate=known) if one.name == app else one for one in facts.apps))


def _remember(work: Work, app: AppFacts, error: UserError | StepFailedError) -> None:
    if isinstance(error, StepFailedError):
        problem, fix = f"could not {error.why}: {error.reason} {error.output[-500:]}".strip(), "mend that"
    else:
        problem, fix = error.problem, error.fix
    known = replace(app.certificate, problem=problem, fix=fix, since=app.certificate.since or time.time())
    work.do(File(work.layout.app(app.name).certificate, encode_certificate(known)))


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


def _note(got: Renewed) -> str:
    """What a deploy tells of the certificate that it got, or did not get."""
    if not got.problem:
        return f"its certificate is for {', '.join(got.names)}, until {got.ends}; it is renewed by itself"
    if got.ends:
        return f"it keeps its certificate until {got.ends}, since it got no new one: {got.problem}: {got.fix}"
    return f"it has no certificate yet, and is served over HTTP: {got.problem}: {got.fix}"
