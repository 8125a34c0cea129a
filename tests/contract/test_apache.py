"""What Apache makes of its config: really started, before servers that say what they were asked."""

import http.client
import json
import os
import socket
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.contract.apache import found, front
from tests.contract.front import Running
from tests.contract.fronts import logged, serving
from tests.contract.house import Quiet
from tests.contract.test_https import Switching
from tests.e2e.state import free_port
from tests.unit.fronts.test_apache import CASES
from tests.unit.servers.test_mod_wsgi import CASES as MOD_WSGI_CASES
from tests.unit.servers.test_mod_wsgi import MOD_WSGI
from uncork.apply import apply
from uncork.layout import Layout
from uncork.machine import apache as system
from uncork.machine import commands, processes
from uncork.plan import Directory, Plan, Reload
from uncork.serving import Address, Maintenance, PathRule, Protocol, Site, Tls


@pytest.fixture(scope="module")
def running(place: Path) -> Iterator[Running]:
    with serving("apache", place) as made:
        yield made


@pytest.mark.parametrize("case", CASES)
def test_the_configs_of_the_golden_files_are_right(place: Path, case: str) -> None:
    account, apache = processes.account(), found()
    layout = Layout(place / f"apache-{case}", place / f"apache-{case}" / "run")
    logs = (Directory(layout.app(site.app).logs, serving=True) for site in CASES[case])
    files = apache.files(layout, Address(port=80), CASES[case], account)
    apply(Plan((Directory(layout.front), *logs, *apache.folders(layout), *files)), account, Quiet())
    assert not commands.run(apache.check(layout), account)


@pytest.mark.parametrize("case", MOD_WSGI_CASES)
def test_the_configs_of_releases_that_have_an_apache_of_their_own_are_right(tmp_path: Path, case: str) -> None:
    found()
    build = replace(MOD_WSGI_CASES[case], apache=system.with_wsgi(), log=tmp_path / "server.log")
    for file in MOD_WSGI.files(build):
        (tmp_path / file.path.name).write_text(file.content)
    env = {"UNCORK_RUN": str(tmp_path), "UNCORK_PORT": "1", "UNCORK_PROCESSES": "2", "UNCORK_KEY": "k"}
    argv = (build.apache.binary, "-t", "-f", str(tmp_path / "apache.conf"))  # type: ignore[union-attr]
    done = subprocess.run(argv, env={**os.environ, **env}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.strip()) == (0, "Syntax OK")


@pytest.mark.parametrize(
    ("query", "release", "route"),
    [("route", 12, "/l%c3%a4den/%22%3cname%3e%22"), ("no-route", 12, ""), ("forged", None, ""), ("none", None, "")],
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
    assert (reply.status, reply.header("Location")) == (308, "/a%20p;%7b%7d%c3%a9/")


def test_the_variables_are_exact_and_no_visitor_can_forge_them(running: Running) -> None:
    forged = dict.fromkeys(("X_Forwarded_Proto", "X_Forwarded_Host", "X_Forwarded_Port", "X_Real_IP"), "forged")
    gone = dict.fromkeys(("Proxy", "Forwarded", "X_Forwarded_Prefix"), "forged")
    said = running.ask("/shop/a%20b%2Fc/d?x=%26", f"example.com:{running.port}", **forged, **gone).said
    assert "forged" not in said.values()
    assert not {"HTTP_PROXY", "HTTP_FORWARDED", "HTTP_X_FORWARDED_PREFIX"} & said.keys()
    expected = {
        "REQUEST_METHOD": "GET",
        "REQUEST_URI": "/shop/a%20b%2Fc/d?x=%26",
        "PATH_INFO": "/shop/a b/c/d",
        "QUERY_STRING": "x=%26",
        "SERVER_NAME": "example.com",
        "SERVER_PORT": str(running.port),
        "HTTP_HOST": f"example.com:{running.port}",
        "REMOTE_ADDR": "127.0.0.1",
        "REQUEST_SCHEME": "http",
        "SCRIPT_NAME": "",
        "HTTP_X_FORWARDED_PROTO": "http",
    }
    assert {key: said[key] for key in expected} == expected


def test_a_chunked_body_whose_length_a_server_of_uwsgi_could_not_know_is_refused(running: Running) -> None:
    with socket.create_connection(("127.0.0.1", running.port), timeout=5) as connection:
        head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        connection.sendall(head + b"5\r\nhello\r\n0\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 411 ")


def test_headers_that_the_server_could_not_take_are_refused_by_the_front(running: Running) -> None:
    assert running.ask("/?" + "x" * 9000).status == 414
    assert running.ask("/", X_Big="x" * 9000).status == 400
    many = {f"X_{n}": "x" for n in range(200)}
    assert running.ask("/", **many).status == 400
    full = {f"X_{n}": "x" * 7900 for n in range(3)}
    assert running.ask("/?" + "x" * 7900, **full).status == 200


def test_a_server_that_is_gone_is_told_plainly(place: Path) -> None:
    with front(place / "gone", (Site("gone", Protocol.UWSGI),)) as running:
        running.layout.app("gone").entrance(Protocol.UWSGI).unlink()
        reply = running.ask("/")
    assert reply.status == 503
    assert reply.header("X-Request-ID").encode() in reply.body


def test_in_maintenance_visitors_are_sent_away_but_for_some_and_for_health(place: Path) -> None:
    page = place / "page.html"
    page.write_text("<h1>Später mehr</h1>")
    page.chmod(0o644)
    sites = (
        Site("away", Protocol.UWSGI, health="/healthz", maintenance=Maintenance(str(page))),
        Site("mine", Protocol.UWSGI, ("mine.example",), maintenance=Maintenance(allow=("127.0.0.0/8", "::1"))),
        Site("plain", Protocol.UWSGI, ("plain.example",), "/x", maintenance=Maintenance(allow=("10.0.0.0/8",))),
    )
    with front(place / "away", sites) as running:
        reply = running.ask("/", "away.localhost")
        assert (reply.status, reply.header("Retry-After"), reply.header("Cache-Control")) == (503, "300", "no-store")
        assert reply.body.decode() == "<h1>Später mehr</h1>"
        assert reply.header("Content-Type") == "text/html; charset=utf-8"
        assert running.ask("/healthz", "away.localhost").status == 200
        assert running.ask("/", "mine.example").status == 200
        reply = running.ask("/x/", "plain.example")
        assert (reply.status, reply.header("Retry-After")) == (503, "300")
        assert logged(running, "plain", "/x/", "plain.example")["upstream_seconds"] is None


def test_by_https_the_app_answers_and_by_http_visitors_are_sent_there(place: Path) -> None:
    tls = Tls("self-signed", port=free_port(), hsts=86_400.0)
    sites = (Site("safe", Protocol.UWSGI, tls=tls), Site("open", Protocol.UWSGI, mount="/open"))
    with front(place / "https", sites) as running:
        reply = running.ask("/a?b=c")
        assert (reply.status, reply.header("Location")) == (308, f"https://localhost:{tls.port}/a?b=c")
        assert running.ask("/open/").status == 200
        authority = ssl.create_default_context(cafile=str(running.layout.authority))
        connection = http.client.HTTPSConnection("localhost", tls.port, timeout=10, context=authority)
        connection.request("GET", "/", headers={"X-Forwarded-Proto": "http"})
        response = connection.getresponse()
        said = json.loads(response.read())
        connection.close()
    assert response.headers["Strict-Transport-Security"] == "max-age=86400"
    assert (said["HTTPS"], said["REQUEST_SCHEME"], said["HTTP_X_FORWARDED_PROTO"]) == ("on", "https", "https")


def test_rules_for_paths_hold_however_the_path_is_written(place: Path) -> None:
    (place / "staff").write_text("ann:$apr1$x$Yb2mWmJUF3gfJ9M6mKbZK0\n")
    (place / "staff").chmod(0o644)
    rules = (
        PathRule("/admin", allow=("10.0.0.0/8",)),
        PathRule("/staff", basic_auth=str(place / "staff")),
        PathRule("/upload", max_body=10),
        PathRule("/slow", timeout=600.0),
    )
    sites = (Site("all", Protocol.UWSGI, paths=rules), Site("shop", Protocol.UWSGI, mount="/admin-shop"))
    with front(place / "paths", sites) as running:
        for path in ("/admin", "/admin/x", "//admin/x", "/%61dmin/x", "/y/../admin/x"):
            assert running.ask(path).status == 403, path
        assert running.ask("/admin-shop/").status == 200
        assert running.ask("/staff/x").status == 401
        assert running.ask("/upload", method="POST", body=b"x" * 11).status == 413
        assert running.ask("/upload", method="POST", body=b"x" * 10).status == 200
        assert running.ask("/slow").said["PATH_INFO"] == "/slow"


def test_after_a_reload_no_connection_meets_the_old_config(place: Path) -> None:
    account, site = processes.account(), Site("calm", Protocol.UWSGI)
    with front(place / "calm", (site,)) as running:
        for stopped, status in ((True, 503), (False, 200), (True, 503)):
            wanted = (replace(site, stopped=stopped),)
            files = found().files(running.layout, Address(port=running.port), wanted, account)
            apply(Plan((*files, Reload(running.layout.front_pid, 10.0, "reload the front"))), account, Quiet())
            assert {running.ask("/").status for _ in range(30)} == {status}


def test_a_websocket_passes_both_ways_where_the_server_speaks_http(place: Path) -> None:
    with front(place / "ws", (Site("chat", Protocol.HTTP),), Switching) as running:
        head = b"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
        with socket.create_connection(("127.0.0.1", running.port), timeout=10) as connection:
            connection.sendall(head)
            answer = b""
            while b"\r\n\r\n" not in answer:
                answer += connection.recv(65536)
            assert answer.startswith(b"HTTP/1.1 101 ")
            for word in (b"\x81\x05first", b"\x81\x06second"):
                connection.sendall(word)
                assert connection.recv(65536) == word
        assert "Upgrade" not in running.ask("/", Upgrade="h2c", Connection="Upgrade, HTTP2-Settings").said
