"""Servers, the front and the kernel are asked over real sockets; whatever they do, it ends in time."""

import os
import socket as network
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from uncork.errors import UsageError, UserError
from uncork.machine import sockets
from uncork.serving import Protocol

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nhello"
Handler = Callable[[network.socket], None]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "app.sock"


@contextmanager
def listening(listener: network.socket, handler: Handler) -> Iterator[None]:
    """Accept on the listener until the end of the block."""

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    handler(connection)
                except OSError:
                    continue

    listener.listen(16)
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        listener.shutdown(network.SHUT_RDWR)
        listener.close()
        thread.join()


def at(path: Path) -> network.socket:
    listener = network.socket(network.AF_UNIX)
    listener.bind(str(path))
    return listener


def answering(*parts: bytes, pause: float = 0.0, heard: list[bytes] | None = None) -> Handler:
    def handle(connection: network.socket) -> None:
        request = connection.recv(65536)
        if heard is not None:
            heard.append(request)
        for part in parts:
            connection.sendall(part)
            time.sleep(pause)

    return handle


def variables(packet: bytes) -> dict[str, str]:
    """Read a uwsgi packet as its protocol's page says it is."""
    assert packet[0] == packet[3] == 0
    assert int.from_bytes(packet[1:3], "little") == len(packet) - 4
    texts, at = [], 4
    while at < len(packet):
        size = int.from_bytes(packet[at : at + 2], "little")
        texts.append(packet[at + 2 : at + 2 + size].decode())
        at += 2 + size
    return dict(zip(texts[::2], texts[1::2], strict=True))


def test_a_uwsgi_server_is_asked_in_its_protocol(path: Path) -> None:
    heard: list[bytes] = []
    with listening(at(path), answering(OK, heard=heard)):
        answer = sockets.ask(path, "/a%20b?q=1", Protocol.UWSGI, "shop.test:8000", 5.0)
    assert (answer.status, answer.body) == (200, b"hello")
    sent = variables(heard[0])
    wanted = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/a b",
        "REQUEST_URI": "/a%20b?q=1",
        "QUERY_STRING": "q=1",
        "SERVER_NAME": "shop.test",
        "SERVER_PORT": "8000",
        "HTTP_HOST": "shop.test:8000",
        "REMOTE_ADDR": "127.0.0.1",
    }
    assert {name: sent[name] for name in wanted} == wanted


def test_an_http_server_is_asked_for_one_answer(path: Path) -> None:
    heard: list[bytes] = []
    chunked = b"HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    with listening(at(path), answering(chunked, heard=heard)):
        answer = sockets.ask(path, "/ready", Protocol.HTTP, "localhost", 5.0)
    assert (answer.status, answer.body, answer.excerpt) == (503, b"abcde", "abcde")
    assert heard[0].startswith(b"GET /ready HTTP/1.1\r\nHost: localhost\r\n")
    assert b"\r\nConnection: close\r\n" in heard[0]


def test_an_answer_that_is_cut_short_is_still_an_answer(path: Path) -> None:
    with listening(at(path), answering(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")):
        assert sockets.ask(path, "/", Protocol.HTTP, "localhost", 5.0).body == b"half"


@pytest.mark.parametrize(
    "handler",
    [
        pytest.param(lambda connection: time.sleep(1), id="silent"),  # noqa: ARG005
        pytest.param(answering(*(b"x" for _ in range(20)), pause=0.05), id="dribbling"),
        pytest.param(answering(b"HTTP/1.1 200 OK\r\n\r\n", *(b"x" for _ in range(20)), pause=0.05), id="endless"),
    ],
)
def test_a_server_that_hangs_is_given_up_in_time(handler: Handler, path: Path) -> None:
    with listening(at(path), handler):
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            sockets.ask(path, "/", Protocol.UWSGI, "localhost", 0.3)
        assert 0.25 < time.monotonic() - began < 0.6


@pytest.mark.parametrize("nonsense", [b"", b"\x00\x01\x02", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 abc\r\n\r\n"])
def test_what_is_no_http_is_a_connection_error(nonsense: bytes, path: Path) -> None:
    with listening(at(path), answering(nonsense)), pytest.raises(ConnectionError):
        sockets.ask(path, "/", Protocol.HTTP, "localhost", 5.0)


def test_what_is_done_meanwhile_can_end_the_waiting(path: Path) -> None:
    def enough() -> None:
        raise LookupError

    with listening(at(path), lambda connection: time.sleep(1)):  # noqa: ARG005
        began = time.monotonic()
        with pytest.raises(LookupError):
            sockets.ask(path, "/", Protocol.HTTP, "localhost", 30.0, enough)
        assert time.monotonic() - began < 0.5


def test_nobody_there_is_an_os_error(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        sockets.ask(path, "/", Protocol.HTTP, "localhost", 5.0)
    at(path).close()
    with pytest.raises(ConnectionRefusedError):
        sockets.ask(path, "/", Protocol.HTTP, "localhost", 5.0)


def test_a_path_that_no_socket_can_have_is_told_with_what_to_do() -> None:
    with pytest.raises(UserError) as raised:
        sockets.ask(Path("/tmp", "é" * 52), "/", Protocol.HTTP, "localhost", 5.0)
    assert "109 bytes" in raised.value.problem
    assert "--home" in raised.value.fix


def test_a_path_too_long_for_the_protocol_is_refused() -> None:
    with pytest.raises(UsageError):
        sockets.ask(Path("/nowhere"), "/" + "x" * 70_000, Protocol.UWSGI, "localhost", 5.0)


def test_the_front_is_asked_on_the_loopback_when_it_is_bound_to_everything() -> None:
    listener = network.socket()
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    with listening(listener, answering(OK)):
        assert sockets.ask_front("0.0.0.0", port, "localhost", "/", 5.0).status == 200


def test_stats_are_read_to_their_end_or_are_nothing(path: Path) -> None:
    assert sockets.read_stats(path) == ""
    with listening(at(path), lambda connection: connection.sendall(b'{"workers": []}')):
        assert sockets.read_stats(path) == '{"workers": []}'


def test_stats_that_hang_are_nothing_after_a_second(path: Path) -> None:
    with listening(at(path), lambda connection: time.sleep(1.5)):  # noqa: ARG005
        began = time.monotonic()
        assert sockets.read_stats(path) == ""
        assert time.monotonic() - began < 1.4


@pytest.mark.skipif(not sockets.UNIX_TABLE.exists(), reason="there is no /proc")
def test_the_kernel_tells_who_waits_and_who_is_connected(path: Path) -> None:
    assert sockets.waiting(path) == sockets.Load(0, 0)
    with at(path) as listener, at(path.with_name("app.sock.other")) as other:
        listener.listen(8)
        other.listen(8)
        assert sockets.waiting(path) == sockets.Load(0, 0)
        clients = [sockets.connected(path, 1.0) for _ in range(3)]
        assert sockets.waiting(path) == sockets.Load(3, 0)
        accepted = [listener.accept()[0] for _ in range(2)]
        load = sockets.waiting(path)
        assert load == sockets.Load(1, 2)
        assert not load.idle
        for connection in accepted:
            connection.close()
        assert sockets.waiting(path) == sockets.Load(1, 0)
        clients[2].close()
        listener.accept()[0].close()
        assert sockets.waiting(path) == sockets.Load(0, 0)


def test_who_holds_a_port_is_named_and_the_next_free_one_found() -> None:
    with network.socket() as listener, network.socket() as neighbour:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        listener.listen()
        holder = sockets.port_holder("127.0.0.1", port)
        assert holder is not None
        assert holder.startswith(f"pid {os.getpid()} (")
        assert sockets.port_holder("0.0.0.0", port) == holder
        free = sockets.next_free_port("127.0.0.1", port)
        assert free > port
        neighbour.bind(("127.0.0.1", free))
        neighbour.listen()
        assert sockets.next_free_port("127.0.0.1", port) > free
    assert sockets.port_holder("127.0.0.1", port) is None


def test_an_address_that_is_not_ours_is_said_to_be_so() -> None:
    with pytest.raises(UsageError, match=r"192\.0\.2\.1:8000"):
        sockets.port_holder("192.0.2.1", 8000)
    with pytest.raises(UsageError):
        sockets.next_free_port("127.0.0.1", 65535)
