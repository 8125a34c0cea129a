"""Certificates that a CA gives by ACME: got and renewed when they are due, and told of where that fails."""

import sqlite3
import time
from dataclasses import dataclass, replace
from typing import Final

from uncork.alerts import delivery, messages
from uncork.errors import StepFailedError, UserError
from uncork.layout import Layout
from uncork.machine import files, moments, processes
from uncork.machine.identity import acting_as
from uncork.model import AppFacts, Release
from uncork.notices import Certificate
from uncork.plan import File
from uncork.recipes import acme
from uncork.recipes.address import url
from uncork.recipes.front import sites
from uncork.records import encode_certificate
from uncork.report import Reporter
from uncork.serving import Address
from uncork.workflows.audit import note
from uncork.workflows.issuing import issue
from uncork.workflows.take_over import Deployed
from uncork.workflows.work import Work, begin, existing

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

    Whoever gets an app's alerts is told what could not be had, once a day. After `down` there is nobody to show one.
    """
    facts = begin(layout, report).facts()
    wanted = [one.name for one in facts.apps if app in {None, one.name} and _asks(one) and not facts.down]
    return tuple(_renewed(begin(layout, report, name), name, force=force) for name in wanted)


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


def _asks(app: AppFacts) -> bool:
    """Whether a CA is to certify names for what is live of an app."""
    return app.live_release is not None and bool(acme.names(app.live_release.site))


def _is_due(app: AppFacts) -> bool:
    return app.live_release is not None and acme.is_due(app.certificate, app.live_release.site, time.time())


def _renewed(work: Work, app: str, *, force: bool) -> Renewed:
    done = _obtained(work, app, force=force)
    if done.problem:
        _mail(work, existing(work.facts(), app), done)
    return done


def _obtained(work: Work, app: str, *, force: bool) -> Renewed:
    """Get a certificate if that is due, with nobody else asking a CA at the same time."""
    started = time.monotonic()
    try:
        with files.hold_waiting(work.layout.acme_lock, 2 * acme.MOST):
            facts = work.facts()
            found = facts.app(app)
            if not (force or _is_due(found)):
                return _of(app, found.certificate, new=False)
            issue(work, existing(facts, app), force=force)
    except (UserError, StepFailedError) as error:
        _remember(work, work.facts().app(app), error)
    after = work.facts().app(app).certificate
    spent = time.monotonic() - started
    note(work.layout, app, "renew", work.report, "failed" if after.problem else "ok", spent, after.problem)
    return _of(app, after, new=not after.problem)


def _of(app: str, known: Certificate, *, new: bool) -> Renewed:
    ends = moments.at(known.ends) if known.names else None
    return Renewed(app, known.names, ends, new, known.problem, known.fix)


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
