"""Certificates by ACME: who may have one, when it is due, and under which names HTTPS is answered meanwhile."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.recipes.parts import LAYOUT, app_facts, facts, release
from uncork.config import Config, load
from uncork.errors import UsageError
from uncork.layout import MACHINE
from uncork.notices import Certificate
from uncork.recipes import acme
from uncork.recipes.address import url
from uncork.recipes.front import sites
from uncork.recipes.https import settled
from uncork.serving import LETS_ENCRYPT, STAGING, Address, Protocol, Site, Tls

DAY = 86400.0
SHOP = Site("shop", Protocol.UWSGI, ("shop.example", "WWW.shop.example"), tls=Tls("acme"))
NAMES = ("shop.example", "www.shop.example")
SUBJECT = acme.subject(SHOP.domains, SHOP.tls, MACHINE.app("shop").tls)
FRESH = Certificate(NAMES, begins=0.0, ends=90 * DAY, server=LETS_ENCRYPT)
AT = Address("0.0.0.0", 80)


def config(said: str) -> Config:
    return load({"uncork.toml": said}, None, "shop")


@pytest.mark.parametrize(
    ("said", "directory"),
    [
        ('tls = "acme"', LETS_ENCRYPT),
        ('[tls]\nemail = "a@shop.example"', LETS_ENCRYPT),
        ("[tls]\nstaging = true", STAGING),
        ('[tls]\nkind = "acme"\nserver = "https://ca.example/dir"', "https://ca.example/dir"),
    ],
)
def test_the_config_says_which_ca_is_asked(said: str, directory: str) -> None:
    tls = config(said).tls
    assert (tls.kind, tls.directory) == ("acme", directory)


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ('[tls]\nkind = "self-signed"\nemail = "a@b.example"', "`email` is for a CA"),
        ('[tls]\ncert = "a.pem"\nkey = "a.key"\nstaging = true', "`staging` is for a CA"),
        ('[tls]\nstaging = true\nserver = "https://ca.example/dir"', "`staging` stands for a server of Let's"),
        ('[tls]\nserver = "http://ca.example/dir"', "by HTTPS alone"),
        ('[tls]\nemail = "A <a@b.example>"', 'write "a@b.example"'),
    ],
)
def test_what_makes_no_sense_is_refused(said: str, problem: str) -> None:
    with pytest.raises(UsageError) as refused:
        config(said)
    assert problem in f"{refused.value.problem} {refused.value.fix}"


def test_where_nothing_would_renew_it_there_is_none_and_it_is_said_what_to_do() -> None:
    wanted = config('tls = "acme"\ndomains = ["shop.example"]')
    with pytest.raises(UsageError, match="server setup") as refused:
        acme.check(wanted, LAYOUT)
    assert 'tls = "self-signed"' in refused.value.fix
    acme.check(wanted, MACHINE)


def test_on_several_machines_no_ca_would_find_what_it_looks_for() -> None:
    said = 'tls = "acme"\ndomains = ["shop.example"]\n[targets.live]\nhosts = ["web1", "web2"]'
    with pytest.raises(UsageError, match="the target live has 2"):
        acme.check(load({"uncork.toml": said}, None, "shop", "live"), MACHINE)


@pytest.mark.parametrize(
    ("domains", "problem"), [("[]", "for which names"), ('["x.localhost"]', "for which names"), ('["*.a.b"]', "DNS")]
)
def test_names_that_no_ca_certifies_by_http_are_refused_before_anything_is_done(domains: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        acme.check(config(f'tls = "acme"\ndomains = {domains}'), MACHINE)


@pytest.mark.parametrize(
    ("known", "day", "due"),
    [
        (Certificate(), 0, True),
        (FRESH, 1, False),
        (FRESH, 59, False),
        (FRESH, 61, True),
        (FRESH, 100, True),
        (replace(FRESH, names=NAMES[:1]), 1, True),
        (replace(FRESH, names=(*NAMES, "old.example")), 1, False),
        (replace(FRESH, problem="the CA refused"), 1, True),
        (replace(FRESH, server=STAGING), 1, True),
    ],
)
def test_a_certificate_is_due_for_new_names_of_another_ca_after_a_failure_and_in_its_last_third(
    known: Certificate, day: float, *, due: bool
) -> None:
    assert acme.is_due(known, SUBJECT, day * DAY) is due


def test_an_app_that_asks_no_ca_is_never_due() -> None:
    other = replace(SUBJECT, names=acme.names(SHOP.domains, Tls("self-signed")))
    assert other.names == ()
    assert not acme.is_due(Certificate(problem="of before"), other, 0.0)


def test_https_is_answered_from_the_first_certificate_on_and_under_the_names_in_it() -> None:
    live = app_facts("shop", releases=(release(app="shop", site=SHOP),))
    known = replace(facts(live), address=AT)
    (before,) = sites(known)
    assert settled(AT, (before,)).tls_port == 0
    assert url(SHOP, (before,), AT) == "http://127.0.0.1:80/"

    (after,) = sites(replace(known, apps=(replace(live, certificate=replace(FRESH, names=NAMES[1:])),)))
    assert settled(AT, (after,)).tls_port == 443
    assert [after.tls.covers(name) for name in ("shop.localhost", *NAMES)] == [False, False, True]


def test_who_asks_the_ca_gets_no_key_and_is_not_root() -> None:
    step = acme.order(MACHINE, SUBJECT, "the request", "/python", "/etc/ssl/ca.crt")
    assert step.serving
    assert step.env == (("REQUESTS_CA_BUNDLE", "/etc/ssl/ca.crt"),)
    assert step.argv[:4] == ("/python", "-I", "-m", "uncork.machine.acme")
    assert step.argv[step.argv.index("--server") + 1] == LETS_ENCRYPT
    assert {Path(word) for word in step.argv if word.startswith("/var")} == {MACHINE.acme, MACHINE.challenges}
