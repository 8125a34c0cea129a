"""Bytes that no browser sends, at the front: refused, and nothing leaks."""

import gzip
import json
import os
import re
import resource
import socket
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.state import Uncork, eventually
from tests.load.client import GET

CANARY: Final = "canary-beside-the-static-folder"


def raw(port: int, data: bytes, *, half: bool = False) -> bytes:
    """What the front answers to exactly these bytes, until it closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        try:
            connection.sendall(data)
            if half:
                connection.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass
        answer = b""
        try:
            while piece := connection.recv(65536):
                answer += piece
        except ConnectionResetError:
            pass
        return answer


def status(answer: bytes) -> int:
    """The status of the first response in these bytes; 0 if there is none."""
    return int(answer[9:12]) if answer.startswith(b"HTTP/1.1 ") else 0


def head(path: str = "/", *fields: str, method: str = "GET") -> bytes:
    """A request's head."""
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *fields, "", ""]).encode()


@pytest.mark.parametrize(
    ("data", "statuses"),
    [
        (head("/", "Connection: close", "X-Big: " + "x" * 70_000), {400, 431}),
        (head("/", "Connection: close", *(f"X-{n}: {'x' * 7000}" for n in range(12))), {400, 431}),
        (head("/" + "x" * 70_000, "Connection: close"), {414}),
        (head("/echo", "Content-Length: 1000001", "Connection: close", method="POST"), {413}),
        (head("/echo", "Content-Length: 5", "Content-Length: 6", method="POST") + b"hello!", {400}),
        (head("/echo", "Content-Length: 5", "Transfer-Encoding: chunked", method="POST") + b"0\r\n\r\n", {400}),
        (head("/echo", "Content-Length: -5", method="POST") + b"hello", {400}),
        (head("/echo", "Content-Length: +5", method="POST") + b"hello", {400}),
        (head("/echo", "Transfer-Encoding: xchunked", method="POST") + b"0\r\n\r\n", {400, 501}),
        (head("/echo", "Transfer-Encoding : chunked", method="POST") + b"0\r\n\r\n", {400}),
        (b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", {400}),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", {400}),
        (b"GET /\0 HTTP/1.1\r\nHost: localhost\r\n\r\n", {400}),
        (b"GET / HTTP/1.1\r\nHost: local\0host\r\n\r\n", {400}),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", {400}),
    ],
    ids=["long field", "many fields", "long path", "large body", "two lengths", "length and chunked", "negative length",
         "plus length", "unknown coding", "space before colon", "no host", "two hosts", "nul in path", "nul in host",
         "tls"],
)  # fmt: skip
def test_a_malformed_request_is_refused_by_the_front(shared: Uncork, data: bytes, statuses: set[int]) -> None:
    answer = raw(shared.port, data, half=True)
    assert status(answer) in statuses
    assert b"release " not in answer
    assert not re.search(rb"nginx/\d", answer)


def test_a_body_of_the_largest_size_passes_and_one_byte_more_does_not(shared: Uncork) -> None:
    assert shared.ask("POST", "/echo", b"x" * 1_000_000).status == 200
    assert shared.ask("POST", "/echo", b"x" * 1_000_001).status == 413


def test_large_headers_within_the_limit_reach_the_app(shared: Uncork) -> None:
    assert shared.get("/", X_Big="x" * 7000, X_Bigger="y" * 7000).status == 200


ESCAPES: Final = (
    "..", "%2e%2e", ".%2e", "..%2f..", "%2e%2e%2f", "..%5c", "..\\", "....//", "%252e%252e", "..;", "%c0%ae%c0%ae",
    "hello.css/..", "/..", "%2f..",
)  # fmt: skip


def test_no_byte_beside_the_static_folder_is_served(shared: Uncork) -> None:
    source = shared.home / "apps" / "hello" / "live" / "source"
    (source / "canary.txt").write_text(CANARY)
    assert shared.get("/static/hello.css").status == 200
    for escape in ESCAPES:
        for file in ("canary.txt", "app.py", "../run.py", "../release.json", "etc/passwd"):
            for path in (f"/static/{escape}/{file}", f"/static{escape}/{file}", f"/static/{escape}/{escape}/{file}"):
                answer = raw(shared.port, head(path, "Connection: close"))
                assert CANARY.encode() not in answer, path
                assert b"Flask(__name__)" not in answer, path
                assert b"root:" not in answer, path
                assert status(answer) in {400, 404}, (path, answer[:80])


def test_sources_and_dot_files_have_no_address(shared: Uncork) -> None:
    for path in ("/app.py", "/static/", "/static", "/requirements.txt", "/.env", "/release.json"):
        assert shared.get(path).status in {301, 308, 403, 404}, path


@pytest.mark.parametrize("path", ["/_uncork/ready", "/_uncork/live", "/_uncork/", "/_uncork", "//_uncork/ready",
                                  "/x/../_uncork/ready", "/%5funcork/ready", "/_uncork/ready?x=1"])  # fmt: skip
def test_the_endpoints_for_probes_are_not_public(shared: Uncork, path: str) -> None:
    assert status(raw(shared.port, head(path, "Connection: close"))) == 404


def test_a_good_request_id_is_passed_on_and_a_bad_one_replaced(shared: Uncork) -> None:
    good = "3f1c9a52-7d0e-4b7e-9c55-0d2f5f7a1b11"
    reply = shared.get("/about", X_Request_ID=good)
    assert reply.json()["request_id"] == good
    assert reply.headers["X-Request-ID"] == good
    for bad in ("", "x" * 500, 'a"b', "a b", "<script>", "\xe9"):
        answer = raw(shared.port, head("/about", f"X-Request-ID: {bad}", "Connection: close"))
        given = json.loads(answer.partition(b"\r\n\r\n")[2])["request_id"]
        assert given != bad
        assert re.fullmatch(r"[0-9A-Za-z-]{16,64}", given), bad
    assert shared.get("/about").json()["request_id"] != shared.get("/about").json()["request_id"]


def test_the_app_sees_the_visitor_s_scheme_host_and_address(shared: Uncork) -> None:
    about = shared.get("/about", X_Forwarded_For="6.6.6.6", X_Forwarded_Proto="https", X_Forwarded_Host="evil").json()
    assert about["url"] == f"http://localhost:{shared.port}/about"
    assert about["client"] == "127.0.0.1"


def test_a_header_with_an_underscore_does_not_pose_as_another(shared: Uncork) -> None:
    answer = raw(shared.port, head("/about", "X_Request_ID: abcdefabcdefabcdefabcdef", "Connection: close"))
    assert b"abcdefabcdef" not in answer


def test_no_response_names_the_front_s_version_or_the_server(shared: Uncork) -> None:
    for path in ("/", "/nowhere", "/static/hello.css", "/static/nowhere", "/_uncork/ready"):
        reply = shared.get(path)
        assert not re.search(r"\d", reply.headers.get("Server", ""))
        assert not re.search(rb"nginx/\d", reply.body)
        assert "X-Powered-By" not in reply.headers


def test_static_files_are_compressed_and_not_sent_twice(shared: Uncork) -> None:
    plain = shared.get("/static/hello.css")
    small = shared.get("/static/hello.css", Accept_Encoding="gzip")
    assert small.headers["Content-Encoding"] == "gzip"
    assert len(small.body) < len(plain.body) / 2
    assert gzip.decompress(small.body) == plain.body
    again = shared.get("/static/hello.css", If_None_Match=plain.headers["ETag"])
    assert (again.status, again.body) == (304, b"")
    assert plain.headers["Content-Type"].startswith("text/css")


def test_the_access_log_is_json_and_a_visitor_can_not_forge_a_line(shared: Uncork) -> None:
    marker = "forged-by-a-visitor"
    raw(shared.port, head(f"/{marker}%0a%22", f'User-Agent: x"}}\\n{{"status": 1 {marker}', "Connection: close"))
    log = Path(shared.home / "apps" / "hello" / "logs" / "access.log")
    eventually(lambda: marker in log.read_text(), within=5)
    lines = [line for line in log.read_text().splitlines() if marker in line]
    assert len(lines) == 1
    assert json.loads(lines[0])["status"] in {404, "404"}


def test_two_thousand_slow_connections_do_not_keep_others_out(shared: Uncork) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2000
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, wanted + 500)), hard))
    with ExitStack() as open_ones:
        for _ in range(wanted):
            connection = socket.create_connection(("127.0.0.1", shared.port), timeout=5)
            open_ones.enter_context(connection)
            connection.sendall(b"GET / HTTP/1.1\r\nHost: lo")
        with shared.load(50, (GET,)) as load:
            time.sleep(2)
        bodies = [_slow_body(shared.port, open_ones) for _ in range(20)]
        assert shared.get().status == 200
        assert len(bodies) == 20
    assert not load.result.failures, load.result


def _slow_body(port: int, open_ones: ExitStack) -> socket.socket:
    connection = open_ones.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
    connection.sendall(head("/echo", "Content-Length: 1000", method="POST") + b"x")
    return connection


def test_no_worker_of_the_front_can_get_stuck_in_accept(shared: Uncork) -> None:
    """On a socket that blocks, of two workers woken for one connection the later waits for the next, deaf to all."""
    masters = [pid for pid, argv in shared.processes().items() if argv.startswith("nginx: master")]
    for master in masters:
        flags = Path(f"/proc/{master}/fdinfo/3").read_text().partition("flags:")[2].split()[0]
        assert int(flags, 8) & os.O_NONBLOCK
    assert len(masters) == 1
