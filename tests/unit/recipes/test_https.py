"""The port for HTTPS, and which certificates are made."""

from dataclasses import replace

import pytest

from tests.unit.recipes.parts import LAYOUT, app_facts, facts, release
from uncork.errors import UsageError
from uncork.fronts.certificates import certificate, certified
from uncork.plan import Certify, File, Remove
from uncork.recipes.address import url
from uncork.recipes.https import certificates, check_port, settled
from uncork.serving import Address, Protocol, Site, Tls

OWN = Site("shop", Protocol.UWSGI, ("example.com",), tls=Tls("self-signed"))
GIVEN = replace(OWN, tls=Tls("files", "a.pem", "a.key"))
PLAIN = Site("blog", Protocol.UWSGI, mount="/blog")
AT = Address(tls_port=8443)


def test_https_has_443_beside_port_80_and_8443_else() -> None:
    assert settled(Address(port=80), (PLAIN, OWN)).tls_port == 443
    assert settled(Address(port=8000), (OWN,)).tls_port == 8443
    assert settled(Address(), (replace(OWN, tls=Tls("self-signed", port=9443)),)).tls_port == 9443


def test_without_an_app_that_has_it_there_is_no_port_for_https() -> None:
    assert settled(AT, (PLAIN,)).tls_port == 0


def test_a_config_may_not_pull_the_port_for_https_from_under_other_apps() -> None:
    other = app_facts("blog", releases=(release(app="blog", site=replace(PLAIN, tls=Tls("self-signed"))),))
    known = replace(facts(other), address=AT)
    with pytest.raises(UsageError, match="blog with it"):
        check_port(known, replace(OWN, tls=Tls("self-signed", port=9443)), AT, "")
    check_port(known, OWN, AT, "")


def test_one_port_is_not_for_http_and_https() -> None:
    with pytest.raises(UsageError, match="8000") as caught:
        check_port(facts(), replace(OWN, tls=Tls("self-signed", port=8000)), Address(tls_port=8000), "under [tls] in x")
    assert caught.value.fix.startswith("write another `port` under [tls] in x")


def test_a_certificate_is_for_each_name_that_the_app_is_reached_by() -> None:
    assert certified(OWN, AT) == ("shop.localhost", "example.com", "localhost", "127.0.0.1", "::1")
    assert certified(OWN, Address("192.168.1.5"))[-1] == "192.168.1.5"
    assert "0.0.0.0" not in certified(OWN, Address("0.0.0.0"))


def test_another_name_is_another_certificate_so_that_a_failed_deploy_leaves_the_first() -> None:
    assert certificate(LAYOUT, OWN, AT) != certificate(LAYOUT, replace(OWN, domains=()), AT)


def test_a_certificate_is_made_where_none_will_do() -> None:
    path = certificate(LAYOUT, OWN, AT)
    (step,) = certificates(LAYOUT, AT, (OWN, PLAIN, GIVEN), frozenset(), {}).make
    assert isinstance(step, Certify)
    assert (step.path, step.names) == (path, certified(OWN, AT))
    assert not certificates(LAYOUT, AT, (OWN,), frozenset((path,)), {}).make


def test_a_certificate_that_is_given_comes_with_the_release_and_goes_if_that_fails() -> None:
    file = File(certificate(LAYOUT, GIVEN, AT), "new", secret=True)
    fresh = certificates(LAYOUT, AT, (GIVEN,), frozenset(), {file: ""})
    assert (fresh.make, fresh.back) == ((file,), (Remove(file.path),))
    renewed = certificates(LAYOUT, AT, (GIVEN,), frozenset(), {file: "old"})
    assert renewed.back == (File(file.path, "old", secret=True),)
    assert not certificates(LAYOUT, AT, (GIVEN,), frozenset(), {file: "new"}).make


def test_the_address_is_that_of_https() -> None:
    assert url(OWN, (OWN,), AT) == "https://127.0.0.1:8443/"
    assert url(OWN, (OWN,), Address(port=80)) == "https://127.0.0.1/"
    assert url(PLAIN, (OWN, PLAIN), AT) == "http://127.0.0.1:8000/blog/"
    assert url(GIVEN, (GIVEN,), AT) == "https://example.com:8443/"
