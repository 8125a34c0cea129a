"""A line in a machine's audit for what is done to the machine itself, over SSH."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from uncork.errors import UserError
from uncork.layout import MACHINE
from uncork.machine import moments
from uncork.records import AuditEntry, encode_audit
from uncork.remote import hands
from uncork.remote.ssh import Connection


@contextmanager
def audited(connection: Connection, what: str) -> Iterator[None]:
    """Write down how what is done inside has ended, as far as the machine can still be reached."""
    started = time.monotonic()
    try:
        yield
    except UserError as error:
        with suppress(UserError):
            _note(connection, what, "failed", time.monotonic() - started, str(error))
        raise
    _note(connection, what, "ok", time.monotonic() - started)


def _note(connection: Connection, what: str, result: str, seconds: float, problem: str = "") -> None:
    who, _, origin = connection.by.partition(",")
    entry = AuditEntry(moments.now(), who, connection.user, origin, what, "", None, result, round(seconds, 3), problem)
    if MACHINE.audit_log:
        hands.append(connection, MACHINE.audit_log, encode_audit(entry))
