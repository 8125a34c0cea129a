"""The load client against a small real server that misbehaves in each way it must notice."""

import asyncio
import socketserver
import threading
import time
from collections.abc import Iterator

import pytest

from tests.load.client import POST, Client, Load, Schedule, Shot
from tests.load.connection import Answer, parse
from tests.load.result import Result

pytestmark = pytest.mark.slow


class Misbehaving(socketserver.StreamRequestHandler):
    """Answers by path: well, briefly, with an error, late, or not at all."""

    def handle(self) -> None:
        while line := self.rfile.readline():
            method, path, _ = line.decode().split()
            length = 0
            while (field := self.rfile.readline()) != b"\r\n":
                if field.lower().startswith(b"content-length:"):
                    length = int(field.split(b":")[1])
            body = b"release 7\n" + self.rfile.read(length)
            if not self.answer(method, path, body):
                return

    def answer(self, method: str, path: str, body: bytes) -> bool:
        """Whether the connection stays open."""
        assert method in {"GET", "POST"}
        if path == "/reset":
            return False
        if path.startswith("/late"):
            time.sleep(0.3)
        if path == "/hang":
            time.sleep(1.5)
        if path == "/nothing":
            body = b"hello"
        status = 502 if path == "/error" else 200
        promised = len(body) + (5 if path == "/short" else 0)
        self.wfile.write(b"HTTP/1.1 %d OK\r\nContent-Length: %d\r\n\r\n%s" % (status, promised, body))
        return path not in {"/once", "/short"}


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with Server(("127.0.0.1", 0), Misbehaving) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def seen(port: int, *shots: Shot, rate: float = 50.0, fresh: int = 3, seconds: float = 0.3) -> Result:
    with Load(Schedule(port, rate, shots, fresh=fresh, timeout=0.6)) as load:
        time.sleep(seconds)
    return load.result


def test_good_answers_are_counted_with_their_release(port: int) -> None:
    result = seen(port, Shot(), POST)
    assert not result.failures
    assert result.sent == len(result.samples) > 8
    assert {s.method for s in result.samples} == {"GET", "POST"}
    assert list(result.releases) == [7]


def test_keep_alive_and_fresh_connections_are_mixed(port: int) -> None:
    opened = [s.opened for s in seen(port, Shot(), fresh=3).samples]
    assert len(opened) / 4 < len(set(opened)) < len(opened) * 3 / 4


@pytest.mark.parametrize(
    ("path", "kind", "detail"),
    [("/reset", "reset", "closed"), ("/short", "short body", "closed"), ("/error", "status", "502"),
     ("/hang", "timeout", ""), ("/nothing", "no release", "hello")],
)  # fmt: skip
def test_a_failure_is_told_by_its_kind(port: int, path: str, kind: str, detail: str) -> None:
    result = seen(port, Shot(path), fresh=1)
    assert not result.samples
    assert {(f.kind, f.detail) for f in result.failures} == {(kind, detail)}


def test_a_refused_connection_is_a_failure() -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), Misbehaving) as closed:
        port = closed.server_address[1]
    assert {f.kind for f in seen(port, Shot()).failures} == {"refused"}


def test_a_get_whose_idle_connection_was_closed_is_sent_again_and_counted(port: int) -> None:
    result = seen(port, Shot("/once"), rate=2000, fresh=0)
    assert not [f for f in result.failures if f.reused]
    assert result.within(0, time.monotonic()).sent == result.sent


def test_a_get_is_retried_once_and_a_post_never() -> None:
    asyncio.run(_closed_under_a_request("GET", failures=0, retries=1))
    asyncio.run(_closed_under_a_request("POST", failures=1, retries=0))


async def _closed_under_a_request(method: str, failures: int, retries: int) -> None:
    """A server that answers the first request of its first connection, and closes it when the second comes."""
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        first = connections == 1
        for turn in range(2):
            head = await reader.readuntil(b"\r\n\r\n")
            body = (
                await reader.readexactly(int(head.split(b"Content-Length: ")[1].split()[0])) if b"POST" in head else b""
            )
            if first and turn == 1:
                break
            body = b"release 1 " + body
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    client = Client(Schedule(server.sockets[0].getsockname()[1], 20.0, (Shot("/", method),), fresh=0))
    asyncio.get_running_loop().call_later(0.08, client.stopping.set)
    assert await client.run() == 2
    assert (len(client.failures), len(client.retries)) == (failures, retries)
    server.close()


def test_requests_are_sent_on_time_even_when_the_server_is_late(port: int) -> None:
    result = seen(port, Shot("/late"), rate=60, seconds=1.0)
    assert result.sent >= 55
    assert result.latency(50) >= 0.3


def test_a_window_and_what_is_outside_it_make_the_whole(port: int) -> None:
    result = seen(port, Shot())
    middle = result.samples[len(result.samples) // 2].due
    assert result.within(0, middle).sent + result.outside(0, middle).sent == result.sent
    assert 0 < result.within(0, middle).sent < result.sent


def test_an_older_release_on_a_later_connection_is_stale(port: int) -> None:
    result = seen(port, Shot())
    assert result.stale(8, after=0.0) == result.samples
    assert not result.stale(7, after=0.0)
    assert not result.stale(8, after=time.monotonic())


@pytest.mark.parametrize(
    ("data", "ended", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", False, b"hi"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n3;x=y\r\n!!!\r\n0\r\n\r\n", False, b"hi!!!"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", False, None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi", True, None),
        (b"HTTP/1.1 200 OK\r\n\r\nhi", False, None),
        (b"HTTP/1.1 200 OK\r\n\r\nhi", True, b"hi"),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", False, b""),
        (b"HTTP/1.1 200 OK\r\nContent-Le", True, None),
    ],
)
def test_a_response_is_read_whole_or_not_at_all(data: bytes, ended: bool, body: bytes | None) -> None:  # noqa: FBT001
    answer = parse(data, ended=ended)
    assert (answer.body if isinstance(answer, Answer) else None) == body
