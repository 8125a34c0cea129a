"""Files from an index: kept by their hashes, with the passwords that this user has, and what goes wrong is told."""

import base64
import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from uncork.errors import UserError
from uncork.machine import downloads

CONTENT = b"a wheel"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class Private(BaseHTTPRequestHandler):
    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        knows = self.headers["Authorization"] == f"Basic {base64.b64encode(b'ann:secret word').decode()}"
        self.send_response(200 if knows else 401)
        self.end_headers()
        self.wfile.write(CONTENT if knows else b"who are you?")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def index() -> Iterator[int]:
    Private.asked = 0
    with ThreadingHTTPServer(("127.0.0.1", 0), Private) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_a_file_is_got_once_with_the_password_of_the_netrc(index: int, tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text('machine 127.0.0.1 login ann password "secret word"\n')
    url = f"http://127.0.0.1:{index}/x-1.0-py3-none-any.whl"
    path = downloads.fetch("x-1.0-py3-none-any.whl", url, DIGEST)
    assert path.read_bytes() == CONTENT
    assert downloads.fetch("x-1.0-py3-none-any.whl", url, DIGEST) == path
    assert Private.asked == 1


def test_a_password_in_the_address_does_too(index: int) -> None:
    url = f"http://ann:secret%20word@127.0.0.1:{index}/x-1.0-py3-none-any.whl"
    assert downloads.fetch("x-1.0-py3-none-any.whl", url, DIGEST).read_bytes() == CONTENT


def test_an_index_that_asks_for_a_password_is_told_with_where_it_is_looked_for(index: int) -> None:
    with pytest.raises(UserError) as failed:
        downloads.fetch("x.whl", f"http://127.0.0.1:{index}/x.whl", DIGEST)
    assert failed.value.fix == "write the user and the password for 127.0.0.1 into ~/.netrc"


def test_what_is_not_what_was_locked_is_not_kept(tmp_path: Path) -> None:
    (tmp_path / "x.whl").write_bytes(b"something else")
    with pytest.raises(UserError, match="its hash differs"):
        downloads.fetch("x.whl", (tmp_path / "x.whl").as_uri(), DIGEST)
    (tmp_path / "x.whl").write_bytes(CONTENT)
    assert downloads.fetch("x.whl", str(tmp_path / "x.whl"), DIGEST).read_bytes() == CONTENT


def test_an_index_that_is_not_reached_is_named() -> None:
    with pytest.raises(UserError, match=r"could not get x.whl from 127.0.0.1") as failed:
        downloads.fetch("x.whl", "http://127.0.0.1:1/x.whl", DIGEST)
    assert failed.value.fix == "see that this computer reaches 127.0.0.1, and run it again"
