"""The audit of a machine set up for serving: a line for every change, with who made it, from where, how it ended."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from uncork.errors import LockedError, RefusedError, StepFailedError, UsageError, UserError
from uncork.facts import marked
from uncork.layout import Layout
from uncork.machine import files, moments
from uncork.machine.person import person
from uncork.records import AuditEntry, decode_audit, encode_audit
from uncork.report import Reporter

MODE: Final = 0o640
READ: Final = 4 * 1024 * 1024
"""Bytes at the end of the log that are looked through: some 15,000 lines."""


@contextmanager
def audited(layout: Layout, app: str, what: str, report: Reporter) -> Iterator[None]:
    """Write down how what is done inside has ended; where a machine was not set up for serving nothing is written."""
    started = time.monotonic()
    try:
        yield
    except BaseException as error:
        note(layout, app, what, report, _result(error), time.monotonic() - started, _problem(error))
        raise
    note(layout, app, what, report, "ok", time.monotonic() - started)


def note(  # noqa: PLR0913, PLR0917 -- what a line says
    layout: Layout, app: str, what: str, report: Reporter, result: str, seconds: float = 0.0, problem: str = ""
) -> None:
    """Append a line to the audit. A full disk keeps it out of there, and nothing from being done."""
    if layout.audit_log is None:
        return
    who, release = person(), marked(layout.app(app)) if app else None
    when = moments.now()
    line = AuditEntry(when, who.name, who.account, who.origin, what, app, release, result, round(seconds, 3), problem)
    try:
        files.append(layout.audit_log, encode_audit(line) + "\n", MODE)
    except StepFailedError as full:
        report.note(f"could not {full.why}: {full.reason}")


def entries(layout: Layout, app: str | None, most: int) -> tuple[AuditEntry, ...]:
    """Return the latest lines of the audit, oldest first, of one app or of all. Raises UsageError where there is none.

    A line that a crash cut short is passed over.
    """
    if layout.audit_log is None:
        raise UsageError(
            "there is no audit here: it is kept on machines set up for serving, by root's uncork",
            "run it there as root; what was done to an app here is in `history.jsonl` in its folder",
        )
    lines = _lines(layout.audit_log)
    found = [entry for line in lines if (entry := _entry(line)) and (not entry.app or app in {None, entry.app})]
    return tuple(found[-most:])


def _lines(path: Path) -> list[str]:
    lines = files.tail(path, 0, READ).splitlines()
    return lines[1:] if files.size(path) > READ else lines


def _entry(line: str) -> AuditEntry | None:
    try:
        return decode_audit(line)
    except UserError:
        return None


def _result(error: BaseException) -> str:
    match error:
        case RefusedError():
            return "refused"
        case LockedError():
            return "locked"
        case KeyboardInterrupt():
            return "interrupted"
        case _:
            return "failed"


def _problem(error: BaseException) -> str:
    if isinstance(error, StepFailedError):
        return f"could not {error.why}: {error.reason}"
    return str(error) if isinstance(error, UserError) else type(error).__name__
