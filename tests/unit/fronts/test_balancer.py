"""The site of a balancer, as nginx reads it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from uncork.errors import UsageError
from uncork.fronts.balancer import Balanced, config, ports
from uncork.fronts.dialect import Dialect
from uncork.fronts.host import Host, Listen, Server
from uncork.layout import MACHINE
from uncork.serving import Tls

SHOP = Balanced(
    "my-shop",
    80,
    ("shop.example.com", "*.example.org"),
    (("deploy@web1", "10.0.0.1:80"), ("deploy@web2", "web2.example.com:8080"), ("web3", "[fd00::3]:80")),
    outs=((0,), (1, 2)),
    least_connections=True,
    timeout=600.0,
)
HTTPS = replace(SHOP, names=("shop.example.com", "new.example.com"), outs=())
CASES = {
    "before-the-first": replace(HTTPS, tls=Tls("acme")),
    "acme": replace(HTTPS, tls=Tls("acme", hsts=86400.0, names=("shop.example.com",))),
    "files": replace(HTTPS, port=8080, tls=Tls("files", redirect=False)),
    "self-signed": replace(HTTPS, tls=Tls("self-signed", port=9443)),
}


def nginx(*servers: Server, folder: str = "/etc/nginx/sites-enabled", version: tuple[int, ...] = (1, 22, 1)) -> Host:
    return Host("/usr/sbin/nginx", Dialect(version), "www-data", "/run/nginx.pid", folder, before=servers)


def test_it_shares_requests_among_all_or_among_those_that_are_left(
    golden: Callable[[str, Mapping[str, str]], None],
) -> None:
    default = Server(
        "/etc/nginx/sites-enabled/default", ("_",), (Listen("0.0.0.0:80", default=True), Listen("[::]:80"))
    )
    found = config(MACHINE, nginx(default), SHOP)

    assert found.path == Path("/etc/nginx/sites-enabled/uncork-balancer-my-shop.conf")
    golden("balancer", {"site.conf": found.content})


def test_by_https_it_shows_a_certificate_under_the_names_that_have_one_and_keeps_the_rest_of_http(
    golden: Callable[[str, Mapping[str, str]], None],
) -> None:
    versions = {"acme": (1, 18, 0), "files": (1, 27, 4)}
    golden(
        "balancer-https",
        {f"{n}.conf": config(MACHINE, nginx(version=versions.get(n, (1, 22, 1))), b).content for n, b in CASES.items()},
    )


def test_an_old_nginx_where_others_answer_https_speaks_no_http2_for_them() -> None:
    other = Server("/etc/nginx/sites-enabled/other", ("example.net",), (Listen("0.0.0.0:443"),))
    assert "listen 443 ssl http2;" in config(MACHINE, nginx(), CASES["acme"]).content
    assert "listen 443 ssl;" in config(MACHINE, nginx(other), CASES["acme"]).content
    assert "http2 on;" in config(MACHINE, nginx(other, version=(1, 26, 0)), CASES["acme"]).content


def test_a_name_that_another_site_has_is_refused() -> None:
    other = Server("/etc/nginx/sites-enabled/other", ("shop.example.com",), (Listen("0.0.0.0:80"),))

    with pytest.raises(UsageError) as caught:
        config(MACHINE, nginx(other), SHOP)

    assert caught.value.problem == "shop.example.com on port 80 is the site in /etc/nginx/sites-enabled/other already"


def test_where_nginx_listens_already_is_known_from_its_own_words() -> None:
    other = Server("/etc/nginx/sites-enabled/other", ("example.net",), (Listen("[::]:443"), Listen("unix:/x")))
    assert ports(nginx(), config(MACHINE, nginx(other), CASES["acme"]).content) == {80, 443}
    assert ports(nginx(other), "") == {0, 443}


def test_a_name_that_another_site_has_for_https_is_refused() -> None:
    other = Server("/etc/nginx/sites-enabled/other", ("shop.example.com",), (Listen("0.0.0.0:443"),))
    config(MACHINE, nginx(other), CASES["before-the-first"])

    with pytest.raises(UsageError, match="on port 443 is the site in"):
        config(MACHINE, nginx(other), CASES["acme"])


def test_an_nginx_without_a_folder_for_sites_is_told_of() -> None:
    with pytest.raises(UsageError, match="no folder for sites"):
        config(MACHINE, nginx(folder=""), SHOP)


def test_hosts_are_out_together_by_a_file_of_their_names_or_with_more_or_not_at_all() -> None:
    both = SHOP.without(frozenset({"deploy@web2", "web3"}))

    assert both.addresses == ("10.0.0.1:80",)
    assert (
        both.file == Balanced("my-shop", 80, (), SHOP.hosts, ((1, 2),)).without(frozenset({"deploy@web2", "web3"})).file
    )
    assert SHOP.without(frozenset({"web3"})) == both
    assert SHOP.without(frozenset({"deploy@web1", "web3"})) == SHOP.without(frozenset()) == SHOP.groups[0]
