"""What every front does with requests: each is really started, before servers that say what they were asked."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.front import Running
from tests.contract.fronts import FRONTS, logged, serving


@pytest.fixture(scope="module", params=FRONTS)
def running(request: pytest.FixtureRequest, place: Path) -> Iterator[Running]:
    with serving(str(request.param), place) as made:
        yield made


@pytest.mark.parametrize(
    ("host", "path", "app"),
    [
        ("localhost", "/", "blog"),
        ("nobody.knows", "/", "blog"),
        ("127.0.0.1", "/shop/x", "shop"),
        ("example.com", "/x", "blog"),
        ("example.com", "/shop/", "shop"),
        ("www.shop.example", "/shop/", "shop"),
        ("shop.localhost", "/shop/", "shop"),
        ("blog.localhost", "/shop/", "blog"),
        ("api.localhost", "/a%20p;%7B%7D%C3%A9/x", "api"),
    ],
)  # fmt: skip
def test_each_name_and_mount_leads_to_its_app(running: Running, host: str, path: str, app: str) -> None:
    assert running.ask(path, host, Accept=f"for {app}").status == 200
    last = logged(running, app, path, host)
    assert last["app"] == app


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("?page=2&next=/cart", "?page=2&next=/cart"),
        ("?page=2&reset_token=swordfish&x=1", "?[redacted]"),
        ("?API_KEY=swordfish", "?[redacted]"),
        ("?passwords", "?passwords"),
    ],
)
def test_a_query_with_a_secret_is_not_in_the_access_log(running: Running, query: str, kept: str) -> None:
    running.ask(f"/reset{query}", Referer=f"http://shop.example.com/from{query}")
    line = logged(running, "blog", f"/reset{kept}", "localhost")
    assert line["referer"] == f"http://shop.example.com/from{kept}"


def test_a_name_has_nothing_outside_of_its_app_s_mount(running: Running) -> None:
    assert running.ask("/", "shop.localhost").status == 404
    for port in ("", ":8080"):
        statuses = [running.ask(path, f"[2001:db8::7]{port}").status for path in ("/shop/", "/")]
        assert statuses == [200, 404]


def test_a_host_in_the_request_line_is_the_one_that_counts(running: Running) -> None:
    with socket.create_connection(("127.0.0.1", running.port), timeout=5) as connection:
        connection.sendall(b"GET http://example.com:81/ HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["HTTP_HOST"] == "example.com:81"


def test_a_server_that_speaks_http_gets_the_same(running: Running) -> None:
    said = running.ask("/a%20p;%7B%7D%C3%A9/x%20y?z=1", Proxy="forged", X_Forwarded_Proto="forged").said
    assert said[""] == "GET /a%20p;%7B%7D%C3%A9/x%20y?z=1 HTTP/1.1"
    assert (said["Host"], said["X-Forwarded-Proto"], said["Connection"]) == ("localhost", "http", "close")
    assert "forged" not in said.values()


@pytest.mark.parametrize("path", ["/", "/static/app.css", "/static/nowhere", "/_uncork/live", "/shop/", "/old/"])
def test_every_response_has_one_request_id(running: Running, path: str) -> None:
    good = "0123abcd-A._"
    assert running.ask(path, X_Request_ID=good).header("X-Request-ID") == good
    for bad in ("short", "x" * 129, "with space", 'quo"te!!'):
        assert running.ask(path, X_Request_ID=bad).header("X-Request-ID") not in {bad, "the-app-s-own"}
    assert running.ask("/", X_Request_ID=good).said["HTTP_X_REQUEST_ID"] == good


@pytest.mark.parametrize("base", ["/static/", "/shop/static/"])
def test_static_files_are_cached_as_long_as_their_url_allows(running: Running, base: str) -> None:
    forever, check = "public, max-age=31536000, immutable", "no-cache"
    for name, said in {
        "app.css": check,
        "app.css?v=1": forever,
        "app.css?a=b&version=2": forever,
        "app.css?v=": check,
        "app.css?nov=1": check,
        "app.3f2a9c1d.css": forever,
        "app-20240131.css": check,
        "sub/x.js?h=1": forever,
    }.items():
        reply = running.ask(base + name)
        assert (reply.status, reply.header("Cache-Control")) == (200, said), name
        assert reply.header("ETag")


def test_what_is_no_static_file_has_no_address(running: Running) -> None:
    for path in ("nowhere", ".env", "sub/", "", "nowhere.3f2a9c1d.css", "sub/.x"):
        reply = running.ask(f"/static/{path}")
        assert reply.status == 404, path
        assert "Cache-Control" not in dict(reply.headers), path
    assert running.ask("/static/app.css", method="POST", body=b"").status == 405
    assert running.ask("/static/app.css", method="HEAD").status == 200


def test_text_is_compressed(running: Running) -> None:
    reply = running.ask("/static/sub/x.js", Accept_Encoding="gzip")
    assert (reply.header("Content-Encoding"), reply.header("Vary")) == ("gzip", "Accept-Encoding")
    assert len(reply.body) < 200


def test_health_is_not_public_under_any_mount(running: Running) -> None:
    for path in ("/_uncork/live", "/shop/_uncork/live", "/x/../_uncork/live", "//_uncork/live", "/%5Funcork/live"):
        assert running.ask(path).status == 404, path


def test_a_stopped_app_says_so(running: Running) -> None:
    for path in ("/", "/static/app.css"):
        reply = running.ask(path, "old.localhost")
        assert (reply.status, reply.header("Retry-After")) == (503, "30")
        assert b"stopped" in reply.body


def test_a_body_that_is_too_large_is_refused(running: Running) -> None:
    assert running.ask("/", method="POST", body=b"x" * 1000).status == 200
    assert running.ask("/", method="POST", body=b"x" * 1001).status == 413
    assert running.ask("/shop/", method="POST", body=b"x" * 1_000_000).status == 200
