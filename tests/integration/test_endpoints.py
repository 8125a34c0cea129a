"""A file in a socket's place that says which port a server has: what is read of it, and who is at that port."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.state import eventually
from uncork.machine import endpoints, sockets
from uncork.machine.endpoints import Endpoint, Load
from uncork.serving import Protocol
from uncork.workflows.up import RUNTIME

KEY = "0123456789abcdef"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as held:
        held.settimeout(5)
        yield held


@pytest.fixture
def place(tmp_path: Path, listener: socket.socket) -> Path:
    """A link to a file, as an instance has it."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "app.sock").write_text(f"port {listener.getsockname()[1]}\nkey {KEY}\n")
    (tmp_path / "app.sock").symlink_to("own/app.sock")
    return tmp_path / "app.sock"


def test_the_port_and_the_key_are_read_through_the_link(place: Path, listener: socket.socket) -> None:
    assert endpoints.at(place) == Endpoint(listener.getsockname()[1], KEY)


@pytest.mark.parametrize(
    "text", ["", "port 1", "port 123456\nkey 0123456789abcdef\n", "port 1\nkey x\n", "port 1\nkey "]
)
def test_what_says_no_port_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "app.sock").write_text(text)
    assert endpoints.at(tmp_path / "app.sock") is None


def test_a_socket_a_pipe_and_nothing_are_none(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(tmp_path / "unix"))
        assert [endpoints.at(tmp_path / name) for name in ("unix", "pipe", "nothing")] == [None] * 3


def test_who_waits_and_who_is_connected_at_a_port_is_counted(place: Path, listener: socket.socket) -> None:
    assert sockets.waiting(place) == Load(0, 0)
    with socket.create_connection(listener.getsockname()):
        eventually(lambda: sockets.waiting(place) == Load(1, 0))
        accepted, _ = listener.accept()
        with accepted:
            eventually(lambda: sockets.waiting(place) == Load(0, 1))
    eventually(lambda: sockets.waiting(place) == Load(0, 0))


def test_a_visitor_who_left_still_has_the_server_busy(place: Path, listener: socket.socket) -> None:
    with socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
    with accepted:
        eventually(lambda: sockets.waiting(place) == Load(0, 1))


def test_a_server_at_a_port_is_asked_with_its_key(place: Path, listener: socket.socket) -> None:
    answered: list[bytes] = []

    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            answered.append(connection.recv(65536))
            connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    def meanwhile() -> None:
        if not answered:
            answer()

    assert sockets.ask(place, "/ready", Protocol.HTTP, "localhost", 5.0, meanwhile).status == 204
    assert f"X-Uncork-Key: {KEY}".encode() in answered[0]


def test_a_server_is_started_on_a_free_port_that_the_file_tells_to_nobody_else(tmp_path: Path) -> None:
    env = {**os.environ, "UNCORK_RUN": str(tmp_path), "UNCORK_SOCKET": str(tmp_path / "app.sock")}
    argv = (
        sys.executable,
        "-I",
        str(RUNTIME / "endpoint.py"),
        "/bin/sh",
        "-c",
        "echo $UNCORK_PORT $UNCORK_KEY; echo $0 >&2",
        "x y",
    )
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=True)
    found = endpoints.at(tmp_path / "app.sock")
    assert found
    assert done.stdout == ""  # the log may be renamed: nothing of it is kept open
    assert done.stderr == "x y\n"
    assert (tmp_path / "app.sock").stat().st_mode & 0o077 == 0


def test_what_a_killed_master_left_is_ended_before_the_next_begins(tmp_path: Path) -> None:
    script = "sleep 600 & echo $$ >$UNCORK_RUN/server.pid; echo $!; exec kill -9 $$"
    env = {**os.environ, "UNCORK_RUN": str(tmp_path), "UNCORK_SOCKET": str(tmp_path / "app.sock")}
    first = subprocess.Popen(
        ("/bin/sh", "-c", script), env=env, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert first.stdout
    orphan = Path("/proc", first.stdout.readline().strip(), "stat")
    first.wait()
    subprocess.run((sys.executable, "-I", str(RUNTIME / "endpoint.py"), "/bin/true"), env=env, check=True)
    eventually(lambda: not orphan.exists() or ") Z " in orphan.read_text())
