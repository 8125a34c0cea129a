"""Why a CA gave no certificate, in words, and what to do: by the kinds of errors, never by their texts."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from acme import messages
    from acme.errors import ValidationError

AGAIN: Final = "it is tried again each hour"
LONGEST: Final = 1000
REACH: Final = f"see that this machine gets to it: its DNS, its clock, a firewall; {AGAIN}"
TRUST: Final = "have this machine trust the CA that signed it: put that into /usr/local/share/ca-certificates"


def explained(error: Exception, server: str) -> tuple[str, str]:
    """Return what went wrong at the CA, and what to do about it."""
    problem, fix = _explained(error, server)
    words = " ".join(problem.split())
    return "".join(letter for letter in words if letter.isprintable())[:LONGEST], fix


def _explained(error: Exception, server: str) -> tuple[str, str]:  # noqa: PLR0911 -- one for each kind
    import requests
    from acme import errors, messages

    match error:
        case errors.ValidationError():
            return _not_proven(error)
        case errors.IssuanceError():
            return _refused(error.error, server)
        case messages.Error():
            return _refused(error, server)
        case errors.TimeoutError():
            return f"the CA at {server} did not come to an end in time", AGAIN
        case requests.exceptions.SSLError():
            return f"the CA at {server} has a certificate that this machine does not trust: {_cause(error)}", TRUST
        case requests.exceptions.ConnectionError() | requests.exceptions.Timeout():
            return f"the CA at {server} can't be reached: {_cause(error)}", REACH
        case OSError() if not isinstance(error, requests.exceptions.RequestException):
            return f"what the CA asks for can't be written: {error}", "make room on the disk"
        case _:
            fix = f"see that `server` under [tls] is the URL of a CA's directory; {AGAIN}"
            return f"the CA at {server} does not answer as one: {error}", fix


def _not_proven(error: "ValidationError") -> tuple[str, str]:
    """What the CA says of each name that it could not see to be ours."""
    told = dict(_told(error))
    said = "; ".join(f"{name}: {why}" for name, why in told.items())
    return (
        f"the CA could not see that this machine is {', '.join(told)}: {said}",
        f"see that the DNS leads there to this machine alone, and that port 80 is open to the world; {AGAIN}",
    )


def _told(error: "ValidationError") -> Iterator[tuple[str, str]]:
    for authorization in error.failed_authzrs:
        body = authorization.body
        yield body.identifier.value, next((str(one.error.detail) for one in body.challenges if one.error), "no reason")


def _refused(error: "messages.Error", server: str) -> tuple[str, str]:
    said = error.detail or error.title or error.typ
    each = "; ".join(str(one.detail) for one in error.subproblems or ())
    problem = f"the CA at {server} refused: {said}{f' ({each})' if each else ''}"
    match error.code:
        case "rateLimited":
            return problem, f"it has a limit of how often it may be asked; {AGAIN}"
        case "externalAccountRequired":
            return problem, "uncork makes accounts by itself: choose a CA that needs none from elsewhere"
        case "invalidContact" | "unsupportedContact":
            return problem, "write another `email` under [tls], or take it out"
        case "caa" | "rejectedIdentifier" | "unsupportedIdentifier":
            return problem, "choose another name in `domains`, or another CA with `server` under [tls]"
        case _:
            return problem, AGAIN


def _cause(error: Exception) -> str:
    """The innermost of errors that quote each other."""
    inner = error
    while True:
        below = getattr(inner, "reason", None) or next((one for one in inner.args if isinstance(one, Exception)), None)
        if not isinstance(below, Exception):
            return str(inner).rpartition("> ")[2].rpartition(": ")[2] or type(inner).__name__
        inner = below
