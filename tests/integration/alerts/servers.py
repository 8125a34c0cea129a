"""Mail servers: such as take mail, by every kind of encryption, and such as don't, each in its own way."""

# ruff: noqa: ARG001, ARG002, N802 -- these are the signatures of aiosmtpd

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

PASSWORD = "correct horse"
USER = "shop@example.com"


@dataclass
class Rules:
    """What a server answers; a test may change it while the server runs."""

    sender: str = ""
    recipient: str = ""
    data: str = ""
    only: str = ""


@dataclass
class Inbox:
    """What a server has taken."""

    rules: Rules = field(default_factory=Rules)
    mails: list[EmailMessage] = field(default_factory=list)
    port: int = 0

    def subjects(self, *but: str) -> list[str]:
        return [str(mail["Subject"]).strip() for mail in self.mails if mail["X-Uncork"] not in but]

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.rules.sender:
            return self.rules.sender
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.rules.recipient and address != self.rules.only:
            return self.rules.recipient
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.rules.data:
            return self.rules.data
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        return "250 OK"


class _Server(Controller):
    """aiosmtpd's, with STARTTLS if it is given how."""

    def __init__(self, inbox: Inbox, port: int, **more: object) -> None:
        self._more = more
        implicit = more.pop("implicit", None)
        super().__init__(inbox, hostname="127.0.0.1", port=port, ssl_context=implicit)  # type: ignore[arg-type]

    def factory(self) -> SMTP:
        return SMTP(self.handler, **self._more)  # type: ignore[arg-type]

    def _trigger_server(self) -> None:
        """Ask nothing: aiosmtpd would look whether TLS works, and expired certificates are the point."""


def _known(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
    assert isinstance(data, LoginPassword)
    return AuthResult(success=data == LoginPassword(USER.encode(), PASSWORD.encode()), handled=False)


@contextmanager
def mail_server(
    inbox: Inbox, *, starttls: ssl.SSLContext | None = None, implicit: ssl.SSLContext | None = None, login: bool = False
) -> Iterator[Inbox]:
    """A server on the port of the inbox, if it has one, else on one that is free."""
    more: dict[str, object] = {"implicit": implicit, "tls_context": starttls, "enable_SMTPUTF8": True}
    if login:
        more |= {"authenticator": _known, "auth_required": True, "auth_require_tls": bool(starttls)}
    server = _Server(inbox, inbox.port, **more)
    thread = threading.Thread(target=server.loop.run_forever, daemon=True)
    try:
        asyncio.set_event_loop(server.loop)
        made = server.loop.run_until_complete(server._create_server())
        inbox.port = made.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        thread.start()
        yield inbox
    finally:
        server.loop.call_soon_threadsafe(made.close)
        server.loop.call_soon_threadsafe(server.loop.stop)
        thread.join()
        server.loop.close()


class Authority:
    """Somebody who makes certificates; its own is in a file."""

    def __init__(self, folder: Path) -> None:
        self._ca = trustme.CA()
        self.file = folder / "authority.pem"
        self._ca.cert_pem.write_to_path(str(self.file))

    def context(self, name: str = "localhost", **more: object) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert(name, **more).configure_cert(context)  # type: ignore[arg-type]
        return context


@contextmanager
def listener(speak: Callable[[BaseRequestHandler], None]) -> Iterator[int]:
    """A server that does with each connection what a test says; gives its port."""

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            speak(self)

    class Server(ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield int(server.server_address[1])
        server.shutdown()
        thread.join()
