"""Mail: by SMTP over implicit TLS (port 465) or STARTTLS (587), or in the clear to a server that needs no password."""

import smtplib
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.utils import parseaddr
from enum import Enum
from ipaddress import ip_address
from typing import TYPE_CHECKING, ClassVar, Final

from uncork.alerts.senders.connection import DEADLINE, Deadline, connected, trusted
from uncork.alerts.senders.explanation import silent, unreached
from uncork.alerts.senders.letter import letter
from uncork.alerts.senders.replies import (
    explained,
    no_login,
    no_starttls,
    refused_by_some,
    unconfirmed,
    unprintable,
    unprotected,
)
from uncork.alerts.senders.sender import Misconfigured, Sender, SenderError
from uncork.alerts.settings import Settings
from uncork.notices import Message

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

IMPLICIT_PORT: Final = 465
STARTTLS_PORT: Final = 587
PLAIN_PORT: Final = 25
END_OF_DATA: Final = b"\r\n.\r\n"


class Security(Enum):
    """How a conversation is kept from others. `OFFERED` is STARTTLS, or nothing if no password would be shown."""

    IMPLICIT = "implicit TLS"
    STARTTLS = "STARTTLS"
    OFFERED = "STARTTLS if the server has it"
    NONE = "in the clear"


def security(settings: Settings) -> Security:
    """Return how to speak to the server: ports 465 and 587 decide for themselves, since only one way works there."""
    if settings.port == IMPLICIT_PORT or (settings.use_ssl and settings.port != STARTTLS_PORT):
        return Security.IMPLICIT
    if settings.port == STARTTLS_PORT or settings.use_tls:
        return Security.STARTTLS
    return Security.OFFERED if settings.username and settings.use_tls is None else Security.NONE


def port(settings: Settings) -> int:
    """Return the port of the settings, else the usual one for how they want to speak."""
    usual = {Security.IMPLICIT: IMPLICIT_PORT, Security.STARTTLS: STARTTLS_PORT}
    return settings.port or usual.get(security(settings), PLAIN_PORT)


class Smtp(Sender):
    """Sends mail to the administrators."""

    name: ClassVar[str] = "smtp"

    def __init__(self, settings: Settings, seconds: float = DEADLINE) -> None:
        self._settings = settings
        self._seconds = seconds
        self._place = f"{settings.server}:{port(settings)}"

    @classmethod
    def configured(cls, settings: Settings) -> "Smtp | None":
        """Return the sender if there are a server and administrators."""
        return cls(settings) if settings.server and settings.admins else None

    @property
    def goal(self) -> str:
        """To whom, through which server, and how."""
        return f"{', '.join(self._settings.admins)} by {self._place} ({security(self._settings).value})"

    def send(self, message: Message, name: str, written: float) -> None:
        """Hold one conversation with the server, cut off at the deadline."""
        mail = letter(message, self._settings, name, written)
        deadline = Deadline(self._seconds)
        try:
            with self._conversation(deadline) as client:
                self._protect(client)
                self._log_in(client)
                self._hand_over(client, mail, deadline)
        except (OSError, Misconfigured) as error:  # smtplib's own errors are OSErrors too
            raise self._explained(error, deadline) from error

    @contextmanager
    def _conversation(self, deadline: Deadline) -> Iterator["_Client"]:
        with connected(self._settings.server, port(self._settings), deadline) as plain, deadline.over(plain):
            connection: socket.socket = plain
            if security(self._settings) is Security.IMPLICIT:
                connection = trusted().wrap_socket(plain, server_hostname=self._settings.server)
            client = _Client(connection, self._settings.server)
            try:
                client.ehlo_or_helo_if_needed()
                yield client
            finally:
                client.close()

    def _protect(self, client: "_Client") -> None:
        how = security(self._settings)
        if how is Security.STARTTLS and not client.has_extn("starttls"):
            raise no_starttls(self._place)
        if how in {Security.STARTTLS, Security.OFFERED} and client.has_extn("starttls"):
            client.starttls(context=trusted())
            client.ehlo_or_helo_if_needed()
        elif how is Security.OFFERED and not _is_local(client):
            raise unprotected(self._place)

    def _log_in(self, client: "_Client") -> None:
        username, password = self._settings.username, self._settings.password
        if not username:
            return
        if not client.has_extn("auth"):
            raise no_login(self._place, username)
        try:
            client.login(username, password)
        except UnicodeEncodeError:
            # Without `from`: the error holds the password.
            raise unprintable(username) from None

    def _hand_over(self, client: "_Client", mail: EmailMessage, deadline: Deadline) -> None:
        """Send the mail itself; once it was taken nothing that goes wrong matters."""
        sender = parseaddr(self._settings.sender)[1]
        try:
            refused = client.send_message(mail, sender, self._settings.admins)
        except OSError as error:
            is_answer = isinstance(error, smtplib.SMTPResponseException) and not deadline.is_over
            if client.has_sent_all and not is_answer:
                raise unconfirmed(self._place) from error
            raise
        with suppress(OSError):
            client.quit()
        if refused:
            raise refused_by_some(refused, self._place)

    def _explained(self, error: OSError | Misconfigured, deadline: Deadline) -> SenderError:
        """After the deadline nothing else counts: half an answer that was cut off there may look like any other."""
        if deadline.is_over:
            return silent(self._place, deadline)
        if isinstance(error, Misconfigured):
            return error
        if isinstance(error, smtplib.SMTPException):
            return explained(error, self._place, self._settings.username)
        return unreached(error, self._place, deadline)


class _Client(smtplib.SMTP):
    """A client over a connection that is there already, which knows when it has sent all of a mail."""

    def __init__(self, connection: socket.socket, host: str) -> None:
        self._connection = connection
        self.has_sent_all = False
        super().__init__(host, local_hostname=_own_name(connection))

    def _get_socket(self, host: str, port: int, timeout: float | None) -> socket.socket:  # noqa: ARG002 -- smtplib's
        return self._connection

    def send(self, s: "ReadableBuffer | str") -> None:
        super().send(s)
        self.has_sent_all = isinstance(s, bytes) and s.endswith(END_OF_DATA)


def _own_name(connection: socket.socket) -> str:
    """Return what this machine calls itself: a whole name, else its address (RFC 5321, 4.1.4). DNS is not asked."""
    name = socket.gethostname()
    if "." in name:
        return name
    address = str(connection.getsockname()[0])
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _is_local(client: smtplib.SMTP) -> bool:
    """Whether the other side is on this machine, so that nobody on the way can read a password."""
    address = ip_address(str(client.sock.getpeername()[0]).partition("%")[0]) if client.sock else None
    return bool(address and address.is_loopback)
