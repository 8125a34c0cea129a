"""Proxies before each front: what they say of visitors is believed of those that are trusted, and of nobody else."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.contract.apache import front as apache_front
from tests.contract.front import Reply, Running, front
from tests.contract.fronts import FRONTS
from tests.e2e.state import eventually, free_port
from uncork.serving import PathRule, Protocol, Site, Tls

VISITOR = "198.51.100.7"
SAID = {"X_Forwarded_For": f"203.0.113.9, {VISITOR}", "X_Forwarded_Proto": "https"}


@pytest.fixture(scope="module", params=FRONTS)
def running(request: pytest.FixtureRequest, place: Path) -> Iterator[Running]:
    only = (PathRule("/visitor", allow=(VISITOR,)),)
    sites = (
        Site("plain", Protocol.UWSGI),
        Site("uwsgi", Protocol.UWSGI, ("uwsgi.test",), trusted_proxies=("10.0.0.0/8", "127.0.0.1"), paths=only),
        Site("http", Protocol.HTTP, ("http.test",), trusted_proxies=("127.0.0.0/8", "2001:db8::/32"), paths=only),
        Site("other", Protocol.UWSGI, ("other.test",), trusted_proxies=("10.0.0.0/8",), paths=only),
    )
    with FRONTS[request.param](place / f"trusted-{request.param}", sites) as made:
        yield made


@pytest.fixture(scope="module", params=[front, apache_front], ids=["nginx", "apache"])
def secure(request: pytest.FixtureRequest, place: Path) -> Iterator[Running]:
    """A front with HTTPS of its own, behind a proxy that may have spoken it already."""
    site = Site("shop", Protocol.HTTP, ("shop.test",), trusted_proxies=("127.0.0.1",))
    site = replace(site, tls=Tls("self-signed", port=free_port()))
    with request.param(place / f"trusted-tls-{request.param.__module__[-6:]}", (site,)) as made:
        yield made


def seen(reply: Reply) -> dict[str, str]:
    assert reply.status == 200, reply
    said: dict[str, str] = json.loads(reply.body)
    return said


def test_a_uwsgi_server_is_told_of_the_visitor_whom_a_trusted_proxy_names(running: Running) -> None:
    said = seen(running.ask("/", "uwsgi.test", **SAID))
    assert said["REMOTE_ADDR"] == VISITOR
    assert (said["UWSGI_SCHEME"], said["HTTPS"], said["HTTP_X_FORWARDED_PROTO"]) == ("https", "on", "https")
    assert said["HTTP_X_FORWARDED_PORT"] == "443"


def test_a_server_of_http_is_told_of_the_visitor_whom_a_trusted_proxy_names(running: Running) -> None:
    said = seen(running.ask("/", "http.test", **SAID, X_Forwarded_Port="8443"))
    assert said["X-Real-IP"] == VISITOR
    assert (said["X-Forwarded-Proto"], said["X-Forwarded-Port"]) == ("https", "8443")


@pytest.mark.parametrize("host", ["plain.localhost", "other.test", "nobody.test"])
def test_who_is_not_trusted_for_that_name_can_claim_neither_address_nor_scheme(running: Running, host: str) -> None:
    said = seen(running.ask("/", host, **SAID, X_Forwarded_Port="8443"))
    assert said["REMOTE_ADDR"] == "127.0.0.1"
    assert said.get("HTTPS", "") != "on"
    assert said["HTTP_X_FORWARDED_PROTO"] == "http"
    assert said["HTTP_X_FORWARDED_PORT"] == seen(running.ask("/", host))["HTTP_X_FORWARDED_PORT"]


@pytest.mark.parametrize("proto", ["", "ftp", "https, http", "on"])
def test_a_scheme_that_is_none_is_nobodys(running: Running, proto: str) -> None:
    assert seen(running.ask("/", "http.test", X_Forwarded_Proto=proto))["X-Forwarded-Proto"] == "http"


def test_a_visitor_who_speaks_to_the_proxy_first_is_not_taken_for_it(running: Running) -> None:
    """The proxy adds who asked it to what that one said: the last that nobody trusts counts."""
    claimed = seen(running.ask("/", "uwsgi.test", X_Forwarded_For=f"10.9.9.9, {VISITOR}, 10.0.0.3"))
    assert claimed["REMOTE_ADDR"] == VISITOR


@pytest.mark.parametrize(("host", "status"), [("uwsgi.test", 200), ("http.test", 200), ("other.test", 403)])
def test_rules_of_who_may_come_go_by_the_visitor(running: Running, host: str, status: int) -> None:
    assert running.ask("/visitor", host, **SAID).status == status
    assert running.ask("/visitor", host).status == 403


def test_the_access_log_names_the_visitor(running: Running) -> None:
    running.ask("/logged", "uwsgi.test", **SAID)

    def written() -> list[str]:
        """Each worker of nginx writes what it keeps when it likes, so it may be any line."""
        running.flush()
        return [line for line in running.log("uwsgi").read_text().splitlines() if '"/logged"' in line]

    eventually(lambda: bool(written()))
    (line,) = written()
    assert json.loads(line)["client"] == VISITOR


def test_who_came_to_the_proxy_by_https_is_not_led_there_again(secure: Running) -> None:
    assert seen(secure.ask("/x", "shop.test", **SAID))["X-Forwarded-Proto"] == "https"
    for said in ({}, {**SAID, "X_Forwarded_Proto": "http"}):
        led = secure.ask("/x", "shop.test", **said)
        assert (led.status, led.header("Location")) == (308, f"https://shop.test:{secure.tls_port}/x")
