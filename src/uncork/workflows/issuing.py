"""Have a CA certify names by ACME, if that is due, for whoever shows what it gives."""

import json
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

from uncork.app_layout import TlsFiles
from uncork.apply import apply
from uncork.errors import StepFailedError, UserError
from uncork.layout import Layout
from uncork.machine import commands, files, moments, processes
from uncork.machine.certificate_request import Issued, issued, kept, request
from uncork.notices import Certificate
from uncork.plan import File, Plan, Run
from uncork.recipes import acme
from uncork.recipes.acme import Subject
from uncork.records import decode_certificate, encode_certificate
from uncork.report import Reporter
from uncork.workflows.audit import note

TRUSTED: Final = Path("/etc/ssl/certs/ca-certificates.crt")
"""The CAs that a machine trusts, as Debian has them; without it those that are known to everybody."""


class Holder(Protocol):
    """Who shows a certificate that a CA gives: an app, or its balancer."""

    @property
    def app(self) -> str:
        """The app that it is about."""

    @property
    def balancer(self) -> bool:
        """Whether it is the balancer of that app."""

    @property
    def files(self) -> TlsFiles:
        """Where the certificate is kept."""

    def subject(self) -> Subject:
        """Return whom the CA is to certify by now. Raises UserError where nobody is there any more."""

    def show(self, given: Issued) -> None:
        """Show visitors what the CA gave. Raises UserError or StepFailedError."""


@dataclass(frozen=True)
class Renewed:
    """What became of a certificate: until when it is good, UTC in ISO 8601, and whether it is a new one.

    It is that of an app, or of its `balancer`. `problem` and `fix` are why it could not be got; `ends` is None where
    there is none yet.
    """

    app: str
    names: tuple[str, ...]
    ends: str | None
    new: bool
    problem: str = ""
    fix: str = ""
    balancer: bool = False

    @property
    def note(self) -> str:
        """What a deploy tells of it."""
        who, whose = ("the balancer", "the balancer's") if self.balancer else ("it", "its")
        if not self.problem:
            return f"{whose} certificate is for {', '.join(self.names)}, until {self.ends}; it is renewed by itself"
        if self.ends:
            return f"{who} keeps its certificate until {self.ends}, since it got no new one: {self.problem}: {self.fix}"
        return f"{who} has no certificate yet, and is served over HTTP: {self.problem}: {self.fix}"


def obtain(layout: Layout, holder: Holder, report: Reporter, *, force: bool) -> Renewed:
    """Get a certificate if that is due, with nobody else asking a CA at the same time; by `force` if it is not.

    One that was given, and that was not shown then, is not asked for again: CAs count. By `force` it is.
    """
    started = time.monotonic()
    try:
        with files.hold_waiting(layout.acme_lock, 2 * acme.MOST):
            subject = holder.subject()
            if not (force or is_due(subject)):
                return _of(holder, known(holder.files), new=False)
            given = None if force else _kept(subject)
            holder.show(given or _ordered(layout, subject, report))
    except (UserError, StepFailedError) as error:
        _remember(holder.files, error, report)
    after, spent = known(holder.files), time.monotonic() - started
    what = "renew the balancer's certificate" if holder.balancer else "renew"
    note(layout, holder.app, what, report, "failed" if after.problem else "ok", spent, after.problem)
    return _of(holder, after, new=not after.problem)


def known(kept_in: TlsFiles) -> Certificate:
    """Return what a CA has certified; where that can't be read, or its key not be unlocked, it is asked again."""
    try:
        found = decode_certificate(files.read(kept_in.record)) if kept_in.record.exists() else Certificate()
    except UserError:
        return Certificate()
    return found if kept_in.issued.exists() and kept_in.passphrase.exists() else replace(found, names=())


def is_due(subject: Subject) -> bool:
    """Return whether a CA is to be asked now."""
    return acme.is_due(known(subject.files), subject, time.time())


def text_of(path: Path) -> str:
    """Return what a file of a certificate holds, empty where there is none."""
    return files.read(path).strip() if path.exists() else ""


def written(kept_in: TlsFiles, given: Issued) -> tuple[tuple[File, ...], File]:
    """Return the files of a certificate that a CA gave, and the record of it.

    Who may get to it gets a key that is locked: only root may read by what.
    """
    record = Certificate(given.names, given.begins, given.ends, given.server)
    return (
        File(kept_in.passphrase, given.passphrase + "\n", 0o600),
        File(kept_in.issued, given.text, why="bring the certificate to nginx"),
    ), File(kept_in.record, encode_certificate(record))


def _of(holder: Holder, found: Certificate, *, new: bool) -> Renewed:
    ends = moments.at(found.ends) if found.names else None
    return Renewed(holder.app, found.names, ends, new, found.problem, found.fix, holder.balancer)


def _remember(kept_in: TlsFiles, error: UserError | StepFailedError, report: Reporter) -> None:
    """Write down why there is no certificate, but for who has been removed meanwhile."""
    if isinstance(error, StepFailedError):
        problem, fix = f"could not {error.why}: {error.reason} {error.output[-500:]}".strip(), "mend that"
    else:
        problem, fix = error.problem, error.fix
    before = known(kept_in)
    found = replace(before, problem=problem, fix=fix, since=before.since or time.time())
    if kept_in.root.exists():
        apply(Plan((File(kept_in.record, encode_certificate(found)),)), None, report)


def _kept(subject: Subject) -> Issued | None:
    """Return what is on disk already, if it will do as it is."""
    found = kept(text_of(subject.files.issued), text_of(subject.files.passphrase))
    if found is None:
        return None
    as_known = Certificate(found.names, found.begins, found.ends, found.server)
    return None if acme.is_due(as_known, subject, time.time()) else replace(found, names=subject.names)


def _ordered(layout: Layout, subject: Subject, report: Reporter) -> Issued:
    """Ask the CA, as the account that everything but apps runs as: the key stays here."""
    passphrase, server = text_of(subject.files.passphrase), subject.tls.directory
    asked = request(subject.names, text_of(subject.files.issued), passphrase)
    trusted = str(TRUSTED) if TRUSTED.exists() else ""
    chain = _answer(layout, acme.order(layout, subject, asked.text, sys.executable, trusted), report)
    return issued(asked, chain, server, passphrase)


def _answer(layout: Layout, step: Run, report: Reporter) -> str:
    """Return the certificates that the CA gave. Raises UserError with why it gave none."""
    account = processes.account()
    apply(Plan(acme.folders(layout)), account, report)
    report.begin(step.why)
    begun = time.monotonic()
    told: dict[str, str] = json.loads(commands.run(step, account))
    report.end(step.why, time.monotonic() - begun)
    if "problem" in told:
        raise UserError(told["problem"], told["fix"])
    return told["chain"]
