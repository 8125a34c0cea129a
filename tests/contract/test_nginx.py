"""What nginx makes of its config: really started, before servers that say what they were asked."""

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.front import Running, front, system_front
from uncork.serving import Protocol, Site, Static

STATIC = {
    "app.css": "body {}",
    "app.3f2a9c1d.css": "a",
    "app-20240131.css": "b",
    ".env": "SECRET",
    "sub/x.js": "1" * 2000,
}


@pytest.fixture(scope="module", params=["nginx", "system-nginx"])
def running(request: pytest.FixtureRequest, place: Path) -> Iterator[Running]:
    home = place / str(request.param)
    folder = home / "st at;ic{}'\"\\é"
    for name, text in STATIC.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    static = (Static("/static/", str(folder)),)
    sites = (
        Site("blog", Protocol.UWSGI, ("example.com",), static=static, max_body=1000),
        Site("shop", Protocol.UWSGI, ("example.com", "*.shop.example"), "/shop", static),
        Site("api", Protocol.HTTP, mount="/a p;{}é"),
        Site("old", Protocol.UWSGI, stopped=True, static=static),
    )
    with (front if request.param == "nginx" else system_front)(home, sites) as made:
        yield made


def logged(running: Running, app: str, uri: str, host: str) -> dict[str, object]:
    """The last line of an app's access log, once it is of that visit."""
    last: dict[str, object] = {}
    deadline = time.monotonic() + 10
    while (last.get("uri"), last.get("host")) != (uri, host):
        assert time.monotonic() < deadline, last
        running.flush()
        time.sleep(0.02)
        lines = running.log(app).read_text().splitlines()
        last = json.loads(lines[-1]) if lines else {}
    return last


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
