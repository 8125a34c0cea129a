"""A webhook: each message as JSON, by POST."""

import json
from http.client import HTTPConnection, HTTPException
from typing import ClassVar, Final
from urllib.parse import SplitResult, quote, urlsplit

from uncork.alerts.senders.connection import DEADLINE, Deadline, connected, trusted
from uncork.alerts.senders.explanation import silent, unreached
from uncork.alerts.senders.sender import Misconfigured, Postponed, Refused, Sender, SenderError
from uncork.alerts.settings import Settings
from uncork.notices import Message

READ: Final = 4096
SAFE: Final = "/%:@!$&'()*+,;=~?"
PASSING: Final = frozenset({408, 425, 429})
"""Refusals that pass by themselves: too slow, too early, too many."""
MEND: Final = "see that the address of the webhook is right (webhook under [mail], or WEBHOOK_URL)"


class Webhook(Sender):
    """Posts to the address of the settings."""

    name: ClassVar[str] = "webhook"

    def __init__(self, settings: Settings, seconds: float = DEADLINE) -> None:
        self._url = _split(settings.webhook)
        self._prefix = settings.subject_prefix
        self._seconds = seconds

    @classmethod
    def configured(cls, settings: Settings) -> "Webhook | None":
        """Return the sender if there is an address."""
        return cls(settings) if settings.webhook else None

    @property
    def goal(self) -> str:
        """The host of the address: the rest of it is often a secret."""
        return f"the webhook at {self._url.hostname or 'nowhere'}"

    def send(self, message: Message, name: str, written: float) -> None:
        """Post the message; any answer of 2xx is yes."""
        place, port = _place(self._url)
        body = {
            "id": name,
            "time": written,
            "kind": message.kind,
            "subject": self._prefix + message.subject,
            "text": message.text,
        }
        deadline = Deadline(self._seconds)
        try:
            status = self._post(json.dumps(body).encode(), port, deadline)
        except OSError as error:
            raise unreached(error, place, deadline) from error
        except HTTPException as error:
            raise _unanswered(place, deadline) from error
        if not 200 <= status < 300:  # noqa: PLR2004
            raise _refusal(status, place)

    def _post(self, body: bytes, port: int, deadline: Deadline) -> int:
        host = self._url.hostname or ""
        with connected(host, port, deadline) as plain, deadline.over(plain):
            connection = HTTPConnection(host, port)
            connection.sock = plain
            if self._url.scheme == "https":
                connection.sock = trusted().wrap_socket(plain, server_hostname=host)
            try:
                return _asked(connection, self._url, body)
            finally:
                connection.close()


def _asked(connection: HTTPConnection, url: SplitResult, body: bytes) -> int:
    path = quote(url.path or "/", safe=SAFE)
    headers = {"Content-Type": "application/json", "User-Agent": "uncork", "Host": url.netloc.rpartition("@")[2]}
    connection.request("POST", f"{path}?{quote(url.query, safe=SAFE)}" if url.query else path, body, headers)
    answer = connection.getresponse()
    answer.read(READ)
    return answer.status


def _split(url: str) -> SplitResult:
    """Return the parts of an address; none of what can't be one."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def _unanswered(place: str, deadline: Deadline) -> Postponed:
    """A connection that was cut off in the middle of an answer looks like one to who speaks no HTTP."""
    return silent(place, deadline) if deadline.is_over else Postponed(f"{place} does not speak HTTP", MEND)


def _place(url: SplitResult) -> tuple[str, int]:
    """Return the other side, in words and its port. Raises Misconfigured for what is no address."""
    usual = {"http": 80, "https": 443}
    try:
        port = url.port or usual[url.scheme]
    except (KeyError, ValueError):
        raise Misconfigured("the webhook's address is no http:// or https:// URL", MEND) from None
    if not url.hostname:
        raise Misconfigured("the webhook's address names no host", MEND)
    return f"{url.hostname}:{port}", port


def _refusal(status: int, place: str) -> SenderError:
    said = f"{place} answered {status}"
    if status >= 500 or status in PASSING:  # noqa: PLR2004
        return Postponed(said, "nothing need be done unless it stays so: it is tried again")
    if status in {401, 403, 404, 410} or status < 400:  # noqa: PLR2004
        return Misconfigured(said, MEND)
    return Refused(said, MEND)
