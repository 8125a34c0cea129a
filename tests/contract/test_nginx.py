"""What nginx makes of its config: really started, before servers that say what they were asked."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.front import Running, front
from tests.contract.fronts import logged, serving
from uncork.serving import Protocol, Site


@pytest.fixture(scope="module", params=["nginx", "system-nginx"])
def running(request: pytest.FixtureRequest, place: Path) -> Iterator[Running]:
    with serving(str(request.param), place) as made:
        yield made


@pytest.mark.parametrize(
    ("query", "release", "route"),
    [("route", 12, '/läden/"<name>"'), ("no-route", 12, ""), ("forged", None, ""), ("none", None, "")],
)
def test_the_access_log_says_which_release_and_route_answered_and_visitors_are_not_told(
    running: Running, query: str, release: int | None, route: str
) -> None:
    reply = running.ask(f"/?{query}", "blog.localhost")
    assert "x-uncork-route" not in {name.lower() for name, _ in reply.headers}
    last = logged(running, "blog", f"/?{query}", "blog.localhost")
    assert (last["release"], last["route"]) == (release, route)


def test_a_mount_without_its_slash_leads_to_the_one_with_it(running: Running) -> None:
    reply = running.ask("/shop?a=1")
    assert (reply.status, reply.header("Location")) == (308, "/shop/?a=1")
    reply = running.ask("/a%20p;%7B%7D%C3%A9")
    assert (reply.status, reply.header("Location")) == (308, "/a%20p%3B%7B%7D%C3%A9/")


def test_the_variables_are_exact_and_no_visitor_can_forge_them(running: Running) -> None:
    forged = dict.fromkeys(("X_Forwarded_Proto", "X_Forwarded_Host", "X_Forwarded_Port", "X_Real_IP"), "forged")
    gone = dict.fromkeys(("Proxy", "Forwarded", "X_Forwarded_Prefix"), "forged")
    said = running.ask("/shop/a%20b%2Fc/../d?x=%26", f"Example.com:{running.port}", **forged, **gone).said
    assert "forged" not in said.values()
    assert not {"HTTP_PROXY", "HTTP_FORWARDED", "HTTP_X_FORWARDED_PREFIX"} & said.keys()
    expected = {
        "REQUEST_METHOD": "GET",
        "REQUEST_URI": "/shop/a%20b%2Fc/../d?x=%26",
        "PATH_INFO": "/shop/a b/d",
        "QUERY_STRING": "x=%26",
        "SERVER_NAME": "example.com",
        "SERVER_PORT": str(running.port),
        "HTTP_HOST": f"example.com:{running.port}",
        "REMOTE_ADDR": "127.0.0.1",
        "UWSGI_SCHEME": "http",
        "HTTP_X_FORWARDED_PROTO": "http",
    }
    assert {key: said[key] for key in expected} == expected


def test_the_length_of_a_chunked_body_is_known(running: Running) -> None:
    with socket.create_connection(("127.0.0.1", running.port), timeout=5) as connection:
        head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        connection.sendall(head + b"5\r\nhello\r\n0\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["CONTENT_LENGTH"] == "5"


def test_headers_that_the_server_could_not_take_are_refused_by_the_front(running: Running) -> None:
    assert running.ask("/?" + "x" * 9000).status == 414
    assert running.ask("/", X_Big="x" * 9000).status == 400
    many = {f"X_{n}": "x" for n in range(200)}
    # A system's nginx before 1.29.8 counts no fields; the size of all is limited there too.
    assert running.ask("/", **many).status == (200 if running.outside else 400)
    full = {f"X_{n}": "x" * 7900 for n in range(3)}
    assert running.ask("/?" + "x" * 7900, **full).status == 200


def test_a_server_that_is_gone_is_told_plainly(place: Path) -> None:
    with front(place / "gone", (Site("gone", Protocol.UWSGI),)) as running:
        running.layout.app("gone").entrance(Protocol.UWSGI).unlink()
        reply = running.ask("/")
    assert reply.status == 502
    assert b"nginx" not in reply.body
    assert reply.header("X-Request-ID").encode() in reply.body
