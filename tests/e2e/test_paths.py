"""Paths with rules of their own, events and WebSockets: what a visitor gets of them."""

import base64
import hashlib
import http.client
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.state import Uncork, copied, rewrite, state

APP: Final = '''

import time
from pathlib import Path

from flask import Response
from flask_sock import Sock

sock = Sock(app)


@app.get("/events")
def events():
    """One event at once, and another when there is a file."""
    until = Path(request.args["until"])

    def told():
        yield "data: first\\n\\n"
        while not until.exists():
            time.sleep(0.02)
        yield "data: second\\n\\n"

    return Response(told(), content_type="text/event-stream")


@app.get("/staff/hours")
def hours():
    return request.authorization.username


@app.get("/inside")
def inside():
    return "inside"


@sock.route("/talk")
def talk(ws):
    while (word := ws.receive()) != "bye":
        ws.send(word)
'''
PATHS: Final = """
[[tool.uncork.front.paths]]
path = "/slow"
timeout = "30s"
[[tool.uncork.front.paths]]
path = "/echo"
max_body = 10
[[tool.uncork.front.paths]]
path = "/inside"
allow = ["192.0.2.0/24"]
[[tool.uncork.front.paths]]
path = "/staff"
basic_auth = "staff.htpasswd"
[[tool.uncork.front.paths]]
path = "/static/"
allow = ["127.0.0.1"]
[[tool.uncork.front.paths]]
path = "/"
timeout = "1s"
"""


@pytest.fixture(scope="module")
def lively() -> Iterator[Uncork]:
    """A state directory with a project whose paths have rules, behind nginx and on uWSGI."""
    with state() as uncork:
        uncork.up(project(uncork.root / "hello")).ok()
        yield uncork


def project(to: Path, config: str = "") -> Path:
    made = copied("hello", to)
    for name, more in (("app.py", APP), ("requirements.txt", "flask-sock\n"), ("pyproject.toml", config + PATHS)):
        (made / name).write_text((made / name).read_text() + more)
    (made / "staff.htpasswd").write_text(f"ada:{hashed('analytical')}\n")
    return made


def hashed(password: str) -> str:
    return "{SHA}" + base64.b64encode(hashlib.sha1(password.encode()).digest()).decode()


def test_a_path_may_take_longer_than_the_rest(lively: Uncork) -> None:
    assert lively.get("/slow?s=2").status == 200


def test_a_path_takes_smaller_bodies_than_the_rest(lively: Uncork) -> None:
    assert lively.ask("POST", "/echo", b"x" * 10).status == 200
    assert lively.ask("POST", "/echo", b"x" * 11).status == 413


def test_who_comes_from_elsewhere_is_kept_out(lively: Uncork) -> None:
    for path in ("/inside", "/inside?x=1", "//inside", "/x/../inside"):
        assert lively.get(path, X_Forwarded_For="192.0.2.1").status == 403, path
    assert lively.get("/static/hello.css").status == 200


def test_who_has_no_password_is_asked_for_one_and_the_app_knows_who_has(lively: Uncork) -> None:
    reply = lively.get("/staff/hours")
    assert (reply.status, reply.headers["WWW-Authenticate"]) == (401, 'Basic realm="hello"')
    for said, status in (("ada:analytical", 200), ("ada:wrong", 401), ("bob:analytical", 401)):
        header = f"Basic {base64.b64encode(said.encode()).decode()}"
        reply = lively.get("/staff/hours", Authorization=header)
        assert reply.status == status, said
    assert (
        lively.get("/staff/hours", Authorization=f"Basic {base64.b64encode(b'ada:analytical').decode()}").text == "ada"
    )


def first_event(uncork: Uncork, until: Path) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    connection = http.client.HTTPConnection("127.0.0.1", uncork.port, timeout=10)
    connection.request("GET", f"/events?until={until}")
    response = connection.getresponse()
    assert response.readline() == b"data: first\n"
    return connection, response


def events_pass(uncork: Uncork, until: Path) -> None:
    connection, response = first_event(uncork, until)
    until.touch()
    assert response.read() == b"\ndata: second\n\n"
    assert "X-Accel-Buffering" not in dict(response.getheaders())
    connection.close()


def test_each_event_passes_when_it_comes(lively: Uncork) -> None:
    events_pass(lively, lively.root / "until-uwsgi")


def test_a_websocket_talks_through_nginx_to_gunicorn(lively: Uncork) -> None:
    other = project(lively.root / "gunicorn", 'server = "gunicorn"\nthreads = 4\n')
    lively.up(other).ok()
    log = lively.home / "apps" / "hello" / "logs" / "app.log"
    before = log.read_text() if log.exists() else ""
    head = "GET /talk HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    with (
        socket.create_connection(("127.0.0.1", lively.port), timeout=10) as connection,
        connection.makefile("rb") as said,
    ):
        connection.sendall((head + key).encode())
        assert said.readline() == b"HTTP/1.1 101 Switching Protocols\r\n"
        while said.readline() != b"\r\n":
            pass
        for word in (b"hello", b"again"):
            connection.sendall(b"\x81\x85\0\0\0\0" + word)  # a whole text of five bytes, masked by nothing
            assert said.read(7) == b"\x81\x05" + word
        connection.sendall(b"\x81\x83\0\0\0\0bye")
        assert said.read(2)[:1] == b"\x88"
    events_pass(lively, lively.root / "until-gunicorn")
    assert (log.read_text() if log.exists() else "") == before


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("staff.htpasswd", "", "names nobody"),
        ("staff.htpasswd", "ada:analytical\n", "'ada' is not hashed"),
        ("nowhere.htpasswd", "", "nowhere.htpasswd is not among the project's files"),
        ("/nowhere/staff", "", "/nowhere/staff"),
    ],
)
def test_passwords_that_let_nobody_in_are_refused(
    lively: Uncork, tmp_path: Path, name: str, text: str, problem: str
) -> None:
    made = project(tmp_path / "hello")
    rewrite(made / "pyproject.toml", '"staff.htpasswd"', f'"{name}"')
    (made / "staff.htpasswd").write_text(text)
    for verb in ("plan", "up"):
        assert problem in lively.run(verb, str(made)).ended(2).said
