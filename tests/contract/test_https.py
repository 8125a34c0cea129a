"""HTTPS and WebSockets at a real nginx, with certificates of a real local CA."""

import http.client
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.front import Reply, Running, Upstream, front, system_front
from tests.e2e.state import free_port
from uncork.fronts.dialect import Dialect
from uncork.serving import PathRule, Protocol, Site, Tls

PROTOCOLS = [Protocol.UWSGI, Protocol.HTTP]
OLDEST = Dialect((1, 18, 0))
"""That of Ubuntu 22.04."""


class Switching(Upstream):
    """Answers as any, but switches protocols where it is asked to, and then says again what is said."""

    def serve(self, connection: socket.socket) -> None:
        with connection:
            said = self.heard(connection)
            if "websocket" not in {said.get("HTTP_UPGRADE"), said.get("Upgrade")}:
                connection.sendall(self.answer(said))
                return
            connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n")
            while word := connection.recv(65536):
                connection.sendall(word)


@pytest.fixture(scope="module")
def running(place: Path) -> Iterator[Running]:
    own = Tls("self-signed", port=free_port(), hsts=86400.0)
    sites = (
        Site("shop", Protocol.UWSGI, ("example.com",), tls=own),
        Site("api", Protocol.HTTP, ("example.com",), "/api", tls=Tls("self-signed", redirect=False)),
        Site("plain", Protocol.UWSGI, mount="/plain"),
        Site("uwsgi", Protocol.UWSGI, mount="/uwsgi"),
        Site("http", Protocol.HTTP, mount="/http", paths=(PathRule("/admin", allow=("192.0.2.1",)),)),
    )
    with front(place / "https", sites, Switching) as made:
        made.ask("/plain/")  # its socket was there before it, that for HTTPS comes with it
        yield made


def trusting(running: Running) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(running.layout.authority))


def shaken(running: Running, name: str, context: ssl.SSLContext) -> ssl.SSLSocket:
    connection = socket.create_connection(("127.0.0.1", running.tls_port), timeout=10)
    return context.wrap_socket(connection, server_hostname=name)


def asked(running: Running, path: str, name: str = "example.com") -> Reply:
    connection = http.client.HTTPSConnection("127.0.0.1", running.tls_port, timeout=10, context=trusting(running))
    connection.sock = shaken(running, name, trusting(running))
    connection.request("GET", path, headers={"Host": f"{name}:{running.tls_port}"})
    response = connection.getresponse()
    reply = Reply(response.status, response.getheaders(), response.read())
    connection.close()
    return reply


@pytest.mark.parametrize("name", ["example.com", "shop.localhost", "localhost", "127.0.0.1", "api.localhost"])
def test_who_trusts_the_local_ca_can_come_by_each_name(running: Running, name: str) -> None:
    with shaken(running, name, trusting(running)) as connection:
        assert connection.version() == "TLSv1.3"


def test_who_does_not_trust_it_is_warned(running: Running) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        shaken(running, "example.com", ssl.create_default_context())


def test_an_app_without_https_is_not_answered_for_by_another(running: Running) -> None:
    with pytest.raises(ssl.SSLError, match=r"(?i)unrecognized.name"):
        shaken(running, "plain.localhost", trusting(running))


def test_an_older_nginx_of_a_system_does_not_answer_for_another_either(place: Path) -> None:
    sites = (
        Site("shop", Protocol.UWSGI, ("example.com",), tls=Tls("self-signed", port=free_port())),
        Site("plain", Protocol.UWSGI),
    )
    with system_front(place / "older", sites, OLDEST) as made:
        with shaken(made, "example.com", trusting(made)) as connection:
            assert connection.version() == "TLSv1.3"
        with pytest.raises(ssl.SSLError, match=r"(?i)alert"):
            shaken(made, "plain.localhost", trusting(made))


def test_http_2_is_spoken(running: Running) -> None:
    context = trusting(running)
    context.set_alpn_protocols(["h2", "http/1.1"])
    with shaken(running, "example.com", context) as connection:
        assert connection.selected_alpn_protocol() == "h2"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1")
@pytest.mark.parametrize(
    ("version", "ciphers"),
    [(ssl.TLSVersion.TLSv1_1, "ALL:@SECLEVEL=0"), (ssl.TLSVersion.TLSv1_2, "AES128-SHA:AES256-GCM-SHA384")],
    ids=["old version", "no forward secrecy"],
)
def test_what_is_known_to_be_weak_is_refused(running: Running, version: ssl.TLSVersion, ciphers: str) -> None:
    context = trusting(running)
    context.minimum_version = context.maximum_version = version
    context.set_ciphers(ciphers)
    with pytest.raises(ssl.SSLError):
        shaken(running, "example.com", context)


def test_visitors_who_come_by_http_are_sent_to_https(running: Running) -> None:
    reply = running.ask("/a%20b?x=1", "example.com")
    assert (reply.status, reply.header("Location")) == (308, f"https://example.com:{running.tls_port}/a%20b?x=1")
    assert running.ask("/api/", "example.com").status == 200  # it was told not to
    assert running.ask("/_uncork/ready", "example.com").status == 404


def test_http_at_the_port_for_https_is_sent_to_https_too(running: Running) -> None:
    with socket.create_connection(("127.0.0.1", running.tls_port), timeout=10) as connection:
        connection.sendall(f"GET /x HTTP/1.1\r\nHost: example.com:{running.tls_port}\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b" 308 " in answer
    assert f"Location: https://example.com:{running.tls_port}/x\r\n".encode() in answer


def test_browsers_are_told_to_come_by_https_alone_when_asked_and_never_by_http(running: Running) -> None:
    assert asked(running, "/").header("Strict-Transport-Security") == "max-age=86400"
    assert "Strict-Transport-Security" not in dict(running.ask("/", "example.com").headers)
    assert "Strict-Transport-Security" not in dict(asked(running, "/api/", "api.localhost").headers)


def test_the_app_knows_that_it_was_https(running: Running) -> None:
    said = asked(running, "/").said
    assert (said["HTTPS"], said["REQUEST_SCHEME"], said["SERVER_PORT"]) == ("on", "https", str(running.tls_port))
    assert said["HTTP_HOST"] == f"example.com:{running.tls_port}"
    assert asked(running, "/api/").said["X-Forwarded-Proto"] == "https"


def test_keys_are_for_those_who_need_them(running: Running) -> None:
    assert running.layout.authority_key.stat().st_mode & 0o777 == 0o600
    keys = list(running.layout.app("shop").tls.folder.iterdir())
    assert [key.stat().st_mode & 0o777 for key in keys] == [0o600]


@pytest.mark.parametrize("app", ["uwsgi", "http"])
def test_a_websocket_passes_both_ways(running: Running, app: str) -> None:
    head = f"GET /{app}/ws HTTP/1.1\r\nHost: a\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\r\n"
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as connection:
        connection.sendall(head.lower().replace("get", "GET").replace("http/1.1", "HTTP/1.1").encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += connection.recv(65536)
        assert answer.startswith(b"HTTP/1.1 101 ")
        for word in (b"\x81\x05first", b"\x81\x06second"):
            connection.sendall(word)
            assert connection.recv(65536) == word


def test_nothing_but_a_websocket_is_upgraded(running: Running) -> None:
    said = running.ask("/http/", Upgrade="h2c", Connection="Upgrade, HTTP2-Settings").said
    assert (said["Connection"], "Upgrade" in said) == ("close", False)


@pytest.mark.parametrize(
    "path",
    ["/http/admin", "/http/admin/x", "/http/%61dmin", "/http//admin", "/http/x/../admin", "/http/x/%2e%2e/admin"],
)
def test_no_way_to_write_a_path_gets_past_its_rule(running: Running, path: str) -> None:
    assert running.ask(path).status == 403


def test_what_means_something_in_a_url_reaches_the_app_as_it_was_written(running: Running) -> None:
    said = running.ask("/http/a%3Fb%23c%25d%20e%C3%A9;f:@&=+,~!*'()?x=%3F").said[""]
    assert said == "GET /http/a%3Fb%23c%25d%20e%C3%A9;f:@&=+,~!*'()?x=%3F HTTP/1.1"


def test_the_app_is_asked_for_what_the_rules_were_looked_up_by(running: Running) -> None:
    assert running.ask("/http/admin/../public?x=%2F").said[""] == "GET /http/public?x=%2F HTTP/1.1"
