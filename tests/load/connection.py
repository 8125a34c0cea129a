"""One HTTP/1.1 client connection: it carries one exchange at a time and says exactly how it broke."""

import asyncio
import ssl
import time
from dataclasses import dataclass
from typing import Final

END_OF_HEAD: Final = b"\r\n\r\n"


@dataclass(frozen=True)
class Answer:
    """A whole response. `closing` says that the server will not answer again on this connection."""

    status: int
    head: bytes
    body: bytes
    closing: bool


class BrokenError(Exception):
    """The exchange came to no answer: the kind, and whether any byte of a response had come."""

    def __init__(self, kind: str, detail: str = "", *, answered: bool = False) -> None:
        super().__init__(kind, detail)
        self.kind = kind
        self.detail = detail
        self.answered = answered


def field(head: bytes, name: bytes) -> bytes | None:
    """The value of a header field in a response's head, in lower case; None if it isn't there."""
    for line in head.lower().split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key == name:
            return value.strip()
    return None


def parse(data: bytes, *, ended: bool = False) -> Answer | None:
    """The response that `data` holds, or None while it is not whole; `ended`: the server has closed."""
    head, found, rest = data.partition(END_OF_HEAD)
    if not found:
        return None
    body = _body(head, rest, ended=ended)
    if body is None:
        return None
    return Answer(int(head[9:12]), head, body, closing=field(head, b"connection") == b"close")


def _body(head: bytes, rest: bytes, *, ended: bool) -> bytes | None:
    if head[9:12] in {b"204", b"304"}:
        return b""
    if field(head, b"transfer-encoding") == b"chunked":
        return _chunks(rest)
    length = field(head, b"content-length")
    if length is None:
        return rest if ended else None
    return rest[: int(length)] if len(rest) >= int(length) else None


def _chunks(rest: bytes) -> bytes | None:
    body = b""
    while True:
        size, found, rest = rest.partition(b"\r\n")
        if not found:
            return None
        length = int(size.split(b";")[0], 16)
        if len(rest) < length + 2:
            return None
        if length == 0:
            return body
        body, rest = body + rest[:length], rest[length + 2 :]


class Connection(asyncio.Protocol):
    """A connection to the server under load, made by `open_connection`."""

    def __init__(self) -> None:
        self.opened = 0.0
        self.exchanges = 0
        self.closed = False
        self._transport: asyncio.Transport | None = None
        self._data = b""
        self._waiting: asyncio.Future[Answer] | None = None

    async def ask(self, request: bytes) -> Answer:
        """Send a request and wait for its answer; raises BrokenError."""
        if self.closed or self._transport is None:
            raise BrokenError("reset", "closed before the request was sent")
        self._waiting = asyncio.get_running_loop().create_future()
        self.exchanges += 1
        self._transport.write(request)
        return await self._waiting

    def give_up(self, kind: str) -> None:
        """Break the exchange that is under way, and the connection."""
        self._settle(BrokenError(kind, answered=bool(self._data)))
        self.close()

    def close(self) -> None:
        """Close the connection at once."""
        self.closed = True
        if self._transport:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio's call: the connection is there."""
        self.opened = time.monotonic()
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Asyncio's call: bytes came."""
        self._data += data
        answer = parse(self._data)
        if answer:
            self._settle(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        """Asyncio's call: the connection is gone, whoever closed it."""
        self.closed = True
        if not self._waiting:
            return
        answer = parse(self._data, ended=exc is None)
        if answer:
            self._settle(answer)
            return
        kind = "short body" if END_OF_HEAD in self._data else "reset"
        self._settle(BrokenError(kind, str(exc or "closed"), answered=bool(self._data)))

    def _settle(self, outcome: Answer | BrokenError) -> None:
        waiting, self._waiting, self._data = self._waiting, None, b""
        if not waiting or waiting.done():
            return
        if isinstance(outcome, Answer):
            waiting.set_result(outcome)
        else:
            waiting.set_exception(outcome)


async def open_connection(host: str, port: int, trusting: ssl.SSLContext | None = None, name: str = "") -> Connection:
    """A new connection, by TLS to that name if a CA is trusted; raises BrokenError (`refused`) if none can be made."""
    tls = {"ssl": trusting, "server_hostname": name} if trusting else {}
    try:
        _, connection = await asyncio.get_running_loop().create_connection(Connection, host, port, **tls)
    except OSError as error:
        raise BrokenError("refused", str(error)) from error
    return connection
