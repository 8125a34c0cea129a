"""What went wrong on the way to another machine, in words that say what to do."""

import errno
import socket
import ssl
from collections.abc import Mapping
from typing import Final

from uncork.alerts.senders.connection import Deadline
from uncork.alerts.senders.sender import Misconfigured, Postponed, SenderError

# X.509 verification results, as in openssl's x509_vfy.h.
EXPIRED: Final = 10
NOT_YET: Final = 9
OTHER_NAME: Final = frozenset({62, 64})
UNKNOWN_AUTHORITY: Final = frozenset({18, 19, 20, 21, 27})
CERTIFICATES: Final[Mapping[int, tuple[str, str]]] = {
    EXPIRED: ("has expired", "let whoever runs that server renew it, or name another server"),
    NOT_YET: ("is not valid yet", "see that the clock of this machine is right, and that of the server"),
    **dict.fromkeys(OTHER_NAME, ("is for another name", "write the server's name as its certificate has it")),
    **dict.fromkeys(
        UNKNOWN_AUTHORITY,
        (
            "is from an authority that this machine does not know",
            "write the server's official name; or let this machine know the authority (`update-ca-certificates`)",
        ),
    ),
}
WAYS: Final[Mapping[int, tuple[str, str]]] = {
    errno.ECONNREFUSED: ("nothing answers there", "see that the server runs, and that name and port are right"),
    errno.ENETUNREACH: ("there is no way to it", "see that this machine has a network"),
    errno.EHOSTUNREACH: ("there is no way to it", "see that this machine has a network, and no firewall in between"),
}
SILENT: Final = (
    "see that the port is right, and that no firewall is in between: many hosts block ports 25 and 465, and 587 is open"
)


def unreached(error: OSError, place: str, deadline: Deadline) -> SenderError:
    """Return what an error of the connection comes to; `place` is the other side, as in `mail.example.com:465`."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate(error, place)
    if isinstance(error, TimeoutError) or deadline.is_over:
        return silent(place, deadline)
    if isinstance(error, socket.gaierror):
        return Postponed(f"{place}: no such host is known", "see that the server's name is right, and that DNS works")
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return Misconfigured(
            f"{place} does not speak TLS as it should ({error.reason or 'no reason given'})",
            "port 465 wants use_ssl, port 587 use_tls; other ports are in the clear unless one of them is set",
        )
    problem, fix = WAYS.get(error.errno or 0, _other(error))
    return Postponed(f"{place}: {problem}", fix)


def silent(place: str, deadline: Deadline) -> Postponed:
    """Return what it comes to that a server did not do its part in time."""
    return Postponed(f"{place} did not answer within {deadline.seconds:g} s", SILENT)


def _other(error: OSError) -> tuple[str, str]:
    reason = error.strerror or "the connection was closed in the middle"
    return reason, "see what the server's own log says; it is tried again"


def _certificate(error: ssl.SSLCertVerificationError, place: str) -> Misconfigured:
    told = (f"is not accepted ({error.verify_message})", "let whoever runs that server mend it, or name another")
    problem, fix = CERTIFICATES.get(error.verify_code, told)
    return Misconfigured(f"the certificate of {place} {problem}", fix)
