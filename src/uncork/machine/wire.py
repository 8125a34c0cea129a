"""What goes over the wire when a server is asked for a page: uwsgi and HTTP requests, and the answer to both."""

import http.client
import io
import struct
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from uncork.errors import UsageError

LARGEST: Final = 0xFFFF  # sizes have two bytes in the uwsgi protocol
AGENT: Final = "uncork"
REQUEST_ID: Final = "uncork-check"
"""By this an app's log tells a deploy's own requests from visitors'."""


@dataclass(frozen=True)
class Response:
    """What was answered: the status, the body in bytes, and what that is (`text/plain`)."""

    status: int
    body: bytes
    kind: str = ""

    @property
    def excerpt(self) -> str:
        """The first 500 characters of the body."""
        return self.body[:2000].decode("utf-8", "replace").strip()[:500]

    @property
    def plain(self) -> str:
        """The excerpt on one line, if it is a text that is meant to be read as it is."""
        return "; ".join(self.excerpt.splitlines()) if self.kind == "text/plain" else ""


def http_request(host: str, path: str, key: str = "") -> bytes:
    """Return a GET in HTTP/1.1, for one answer; `key` is for a server that has to know who asks."""
    headers = (
        f"Host: {host}",
        f"User-Agent: {AGENT}",
        f"X-Request-ID: {REQUEST_ID}",
        "Accept: */*",
        *((f"X-Uncork-Key: {key}",) if key else ()),
    )
    return "\r\n".join((f"GET {path} HTTP/1.1", *headers, "Connection: close", "", "")).encode(
        "utf-8", "surrogateescape"
    )


def uwsgi_request(host: str, path: str) -> bytes:
    """Return a GET as uwsgi: modifier 0, the size, modifier 0, then each name and value after its size."""
    bare, _, query = path.partition("?")
    name, _, port = host.partition(":")
    variables = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(bare).decode("utf-8", "surrogateescape"),
        "REQUEST_URI": path,
        "QUERY_STRING": query,
        "SERVER_NAME": name,
        "SERVER_PORT": port or "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REQUEST_SCHEME": "http",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": host,
        "HTTP_USER_AGENT": AGENT,
        "HTTP_X_REQUEST_ID": REQUEST_ID,
        "HTTP_ACCEPT": "*/*",
    }
    body = b"".join(_sized(text) for item in variables.items() for text in item)
    if len(body) > LARGEST:
        raise UsageError(f"the path that should answer has {len(path)} characters", "choose a shorter one")
    return struct.pack("<BHB", 0, len(body), 0) + body


def _sized(text: str) -> bytes:
    content = text.encode("utf-8", "surrogateescape")
    return struct.pack("<H", min(len(content), LARGEST)) + content


class UnansweredError(ConnectionError):
    """Somebody took the connection, and closed it with no answer."""


def response(received: bytes) -> Response:
    """Return what was answered, read as HTTP, which uwsgi answers are too. Raises ConnectionError if it is none."""
    if not received:
        raise UnansweredError("it was closed with no answer")
    answer = http.client.HTTPResponse(_Received(received), method="GET")  # type: ignore[arg-type]
    try:
        answer.begin()
        body = answer.read()
    except http.client.IncompleteRead as error:
        body = error.partial
    except (http.client.HTTPException, ValueError) as error:
        shown = received[:80].decode("utf-8", "replace")
        raise ConnectionError(f"that is no HTTP: {shown!r}") from error
    kind = answer.getheader("Content-Type", "").partition(";")[0].strip()
    return Response(answer.status, body, kind)


class _Received:
    """Bytes that look like a socket to http.client, which reads answers from nothing else."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def makefile(self, _mode: str) -> io.BytesIO:
        """Return the bytes as a file."""
        return io.BytesIO(self._content)
