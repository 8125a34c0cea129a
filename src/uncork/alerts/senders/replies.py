"""What a mail server's replies mean, and what to do about them."""

import smtplib
from collections.abc import Iterable, Mapping
from typing import Final

from uncork.alerts.senders.sender import Misconfigured, Partly, Postponed, Refused, SenderError, Unconfirmed

PERMANENT: Final = 500
LOG_IN: Final = (
    "set username under [mail], and the password with `uncork config set MAIL_PASSWORD`; some providers want a "
    "password made for one application (an app password)"
)
AGAIN: Final = "nothing need be done unless it stays so: it is tried again"

Refusals = Mapping[str, tuple[int, bytes]]


def explained(error: smtplib.SMTPException, place: str, username: str) -> SenderError:
    """Return what an error of the conversation comes to."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return _no_recipient(error.recipients, place)
    if isinstance(error, smtplib.SMTPResponseException):
        return _reply(error, place, username)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Misconfigured(f"{place} can't do what is asked of it: {error}", "see [mail] in the app's config")
    return Postponed(f"{place} ended the conversation: {error}", "see what the server's own log says")


def unprotected(place: str) -> Misconfigured:
    """Return that a password would be sent in the clear."""
    return Misconfigured(
        f"{place} offers no encryption, and the password would be sent in the clear",
        "use port 465 or 587; or say use_tls = false under [mail] if the way to that server is safe",
    )


def no_starttls(place: str) -> Misconfigured:
    """Return that a server lacks what the settings want."""
    return Misconfigured(f"{place} offers no STARTTLS", "use port 587 with use_tls, or port 465 with use_ssl")


def no_login(place: str, username: str) -> Misconfigured:
    """Return that a server wants no password, or none of the kinds that we can send."""
    return Misconfigured(
        f"{place} takes no password for {username}",
        "servers often do so on encrypted connections only: use port 465 or 587; or take the user name out",
    )


def unprintable(username: str) -> Misconfigured:
    """Return that a password can't be sent."""
    return Misconfigured(
        f"the user name or the password of {username} has characters beyond ASCII", "use a password without them"
    )


def unconfirmed(place: str) -> Unconfirmed:
    """Return that a whole mail was sent, and no answer came."""
    return Unconfirmed(
        f"{place} got the whole mail and did not say whether it keeps it", "see what the server's own log says"
    )


def refused_by_some(refused: Refusals, place: str) -> Partly:
    """Return that a mail was taken for some of the administrators only."""
    return Partly(f"{place} does not take mail for {_listed(refused)}", "see that `admins` under [mail] is right")


def _no_recipient(refused: Refusals, place: str) -> SenderError:
    problem = f"{place} does not take mail for {_listed(refused)}"
    if all(code >= PERMANENT for code, _ in refused.values()):
        return Refused(problem, "see that `admins` under [mail] is right, and that this server may be used for them")
    return Postponed(problem, AGAIN)


def _listed(refused: Refusals) -> str:
    return "; ".join(f"{address} ({_said(code, text)})" for address, (code, text) in sorted(refused.items()))


def _reply(error: smtplib.SMTPResponseException, place: str, username: str) -> SenderError:
    said = _said(error.smtp_code, error.smtp_error)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        problem = f"{place} does not accept the password of {username or 'nobody'} ({said})"
        return _by_code(error.smtp_code, problem, LOG_IN, Misconfigured)
    if isinstance(error, smtplib.SMTPSenderRefused):
        problem = f"{place} does not take mail from {error.sender} ({said})"
        fix = "set default_sender under [mail] to an address that this server lets the user name send from"
        return _by_code(error.smtp_code, problem, fix, Refused)
    if isinstance(error, smtplib.SMTPDataError):
        return _by_code(error.smtp_code, f"{place} does not take the mail ({said})", "see what it says", Refused)
    fix = "see what it says; another server, or another port of it, may take mail from here"
    return _by_code(error.smtp_code, f"{place} wants nothing from this machine ({said})", fix, Misconfigured)


def _by_code(code: int, problem: str, fix: str, permanent: type[SenderError]) -> SenderError:
    return permanent(problem, fix) if code >= PERMANENT else Postponed(problem, AGAIN)


def _said(code: int, text: bytes | str) -> str:
    words = text if isinstance(text, str) else text.decode("utf-8", "replace")
    return " ".join(_seen(f"{code} {words}").split())[:300]


def _seen(characters: Iterable[str]) -> str:
    return "".join(one if one.isprintable() else " " for one in characters)
