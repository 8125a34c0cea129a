"""HTTPS at a balancer: what is refused before any machine is asked, and what the machines behind it answer."""

import pytest

from uncork.config import Config, load
from uncork.errors import UsageError
from uncork.layout import MACHINE
from uncork.recipes import acme
from uncork.recipes.balancer import check
from uncork.serving import Tls

TARGET = '[targets.live]\nhosts = ["web1", "web2"]\n'
NAMES = 'domains = ["shop.example"]\n'


def config(said: str, balancer: str = 'host = "lb"', target: str = TARGET) -> Config:
    return load({"uncork.toml": f"{said}\n{target}\n[targets.live.balancer]\n{balancer}"}, None, "shop", "live")


def checked(found: Config) -> None:
    assert found.target
    assert found.target.balancer
    check(found, found.target.balancer)


@pytest.mark.parametrize(
    ("said", "balancer"),
    [
        ("", "host = 'lb'\nport = 8080"),
        (f'tls = "acme"\n{NAMES}', "host = 'lb'"),
        ('tls = "acme"', "host = 'lb'\ndomains = ['shop.example']"),
        (f'tls = {{ cert = "a.pem", key = "a.key" }}\n{NAMES}', "host = 'web1'\nport = 8080"),
        ('tls = "self-signed"', "host = 'lb'\nport = 8080"),
    ],
)
def test_what_can_be_is_not_refused(said: str, balancer: str) -> None:
    checked(config(said, balancer))


def test_a_balancer_on_one_of_the_machines_has_port_80_where_these_have_another() -> None:
    checked(config(f'tls = "acme"\n{NAMES}', 'host = "web1"', f"{TARGET}port = 8000\n"))


@pytest.mark.parametrize(
    ("said", "balancer", "problem", "fix"),
    [
        (
            f'tls = "acme"\n{NAMES}',
            "host = 'lb'\nport = 8080",
            "a CA looks on port 80",
            "take `port` out of [targets.l",
        ),
        ('tls = "acme"', "host = 'lb'", "for which names", 'domains = ["shop.example.com"]'),
        ('tls = "acme"\ndomains = ["*.a.b"]', "host = 'lb'", "DNS", "name each host"),
        (
            '[tls]\nkind = "self-signed"\nport = 8080',
            "host = 'lb'\nport = 8080",
            "port 8080 for both HTTP and HTTPS",
            "write another `port` under [tls] in uncork.toml, or [targets.live.balancer]",
        ),
        (
            'port = 8443\ntls = "self-signed"',
            "host = 'web2'\nport = 8080",
            "a host would both be on port 8443 of web2",
            "a machine of its own",
        ),
    ],
)
def test_what_can_not_be_is_refused_with_what_to_do(said: str, balancer: str, problem: str, fix: str) -> None:
    with pytest.raises(UsageError) as refused:
        checked(config(said, balancer))
    assert problem in refused.value.problem
    assert fix in refused.value.fix


def test_machines_behind_a_balancer_answer_http_and_ask_no_ca() -> None:
    found = config(f'tls = "acme"\n{NAMES}')
    assert (found.tls.kind, found.own_tls) == ("acme", Tls())
    acme.check(found, MACHINE)


def test_tls_may_be_said_for_the_target_alone() -> None:
    found = config(NAMES, target=f'{TARGET}tls = "acme"\n')
    assert (found.tls.kind, found.own_tls.kind) == ("acme", "off")
