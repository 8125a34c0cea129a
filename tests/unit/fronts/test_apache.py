"""Apache's config: what is in it, that no value gets out of its place, and what Apache is not asked to do."""

import re
from dataclasses import replace

import pytest

from tests.conftest import Golden
from tests.unit.fronts.test_nginx import CASES as NGINX_CASES
from tests.unit.fronts.test_nginx import GUESTBOOK, LAYOUT, SECURE, SHOP, WITH_HTTPS
from uncork.apache import Apache as Installed
from uncork.apache import escape, in_expression, pattern, rewriting
from uncork.errors import UsageError
from uncork.fronts.apache import Apache
from uncork.model import Account
from uncork.serving import Address, Cache, PathRule, Protocol, Site, Static, Upstream
from uncork_runtime.spans import WORDS

APACHE = Apache(Installed())
NAMES = [
    "default",
    "mount_and_domains",
    "http",
    "stopped",
    "strange_values",
    "paths",
    "https",
    "trusted_proxies",
    "maintenance",
    "nothing",
]
CASES = {name: NGINX_CASES[name] for name in NAMES}


def address(case: str) -> Address:
    return SECURE if case in WITH_HTTPS else Address()


def texts(*sites: Site, at: Address | None = None, account: Account | None = None) -> dict[str, str]:
    files = APACHE.files(LAYOUT, at or Address(), sites, account)
    return {str(file.path.relative_to(LAYOUT.front)): file.content for file in files}


@pytest.mark.parametrize("case", CASES)
def test_the_config_is_as_an_expert_writes_it(golden: Golden, case: str) -> None:
    said = texts(*CASES[case], at=address(case))
    always = {"apache.types", "access.awk"}
    golden(f"apache/{case}", said if case == "default" else {name: said[name] for name in said.keys() - always})


def test_as_root_the_config_is_the_same_since_all_of_apache_runs_as_the_account() -> None:
    said = texts(GUESTBOOK, account=Account("www-data", "www-data", 33, 33))
    assert said == texts(GUESTBOOK)
    assert not re.search(r"^(User|Group) ", said["apache.conf"], re.MULTILINE)


def test_it_binds_by_itself_and_a_low_port_is_root_s_alone() -> None:
    assert APACHE.service(LAYOUT, Address()).binds
    assert not APACHE.service(LAYOUT, Address()).low_port
    assert APACHE.service(LAYOUT, Address(port=80)).low_port
    assert APACHE.service(LAYOUT, Address(port=8000, tls_port=443)).low_port


def test_of_hosts_the_exact_ones_come_before_those_with_a_star_and_of_these_the_longer_ones() -> None:
    wide = replace(GUESTBOOK, domains=("*.example.com", "*.a.example.com"))
    narrow = Site("shop", Protocol.UWSGI, ("www.example.com",))
    names = re.findall(r"ServerName (\S+)", texts(wide, narrow)["apache.conf"])
    assert names[2:] == ["guestbook.localhost", "shop.localhost", "any.a.example.com", "any.example.com"]


def test_the_longer_mount_is_asked_first_and_its_rules_are_laid_over_the_others() -> None:
    host = texts(GUESTBOOK, SHOP)["apache.conf"].partition("<VirtualHost")[2].partition("</VirtualHost>")[0]
    included = re.findall(r"Include .*/apps/(\S+)", host)
    assert included == [
        "shop.apache.conf", "guestbook.apache.conf", "guestbook.apache.rules.conf", "shop.apache.rules.conf",
    ]  # fmt: skip


def test_a_stopped_app_serves_nothing_not_even_static_files() -> None:
    said = texts(replace(SHOP, stopped=True))["apps/shop.apache.conf"]
    assert "R=503" in said
    assert "Alias" not in said
    assert "ProxyPass /" not in said


def test_a_static_folder_that_stands_for_every_url_is_left_to_the_app() -> None:
    said = texts(replace(GUESTBOOK, static=(Static("/", "/srv/all"),)))["apps/guestbook.apache.conf"]
    assert "Alias" not in said


@pytest.mark.parametrize(
    ("site", "key"),
    [
        (replace(GUESTBOOK, cache=Cache(on=True)), "cache"),
        (replace(GUESTBOOK, paths=(PathRule("/", cache=True),)), "cache"),
        (replace(GUESTBOOK, upstreams=(Upstream("10.0.0.1:8000"),)), "upstreams"),
    ],
)
def test_what_apache_is_not_asked_to_do_is_refused_and_nginx_named(site: Site, key: str) -> None:
    with pytest.raises(UsageError, match=key) as refused:
        texts(site)
    assert 'front = "nginx"' in refused.value.fix


@pytest.mark.parametrize("bad", ["${HOME}", "a\nb", "a\0b"])
def test_what_the_config_can_not_say_is_refused(bad: str) -> None:
    for way in (escape, pattern):
        with pytest.raises(UsageError):
            way(bad)


def test_a_value_stays_in_its_place() -> None:
    assert escape("/srv/a-b.c") == "/srv/a-b.c"
    assert escape('a "b" \\ c') == '"a \\"b\\" \\\\ c"'
    assert rewriting(pattern('/a"b.c/', "$")) == r'"^/a\x22b\.c/$"'
    for bad in ("it's", "%{env:KEY}", "$1", "a\\b", '"'):
        with pytest.raises(UsageError):
            in_expression(bad)


def test_the_keys_that_make_a_query_secret_are_those_that_make_a_record_so() -> None:
    assert texts(GUESTBOOK)["apache.conf"].count(f"(?:{WORDS})") == 2


def test_an_ipv6_address_is_one_word_with_its_port() -> None:
    config = texts(SHOP, at=Address("::1", 8000))["apache.conf"]
    assert 'Listen "[::1]:8000"\n' in config
