"""The site of a balancer, as nginx reads it."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from uncork.errors import UsageError
from uncork.fronts.balancer import Balanced, config
from uncork.fronts.dialect import Dialect
from uncork.fronts.host import Host, Listen, Server
from uncork.layout import MACHINE

SHOP = Balanced(
    "my-shop",
    80,
    ("shop.example.com", "*.example.org"),
    (("deploy@web1", "10.0.0.1:80"), ("deploy@web2", "web2.example.com:8080"), ("web3", "[fd00::3]:80")),
    outs=((0,), (1, 2)),
    least_connections=True,
    timeout=600.0,
)


def nginx(*servers: Server, folder: str = "/etc/nginx/sites-enabled") -> Host:
    return Host("/usr/sbin/nginx", Dialect((1, 22, 1)), "www-data", "/run/nginx.pid", folder, before=servers)


def test_it_shares_requests_among_all_or_among_those_that_are_left(
    golden: Callable[[str, Mapping[str, str]], None],
) -> None:
    default = Server(
        "/etc/nginx/sites-enabled/default", ("_",), (Listen("0.0.0.0:80", default=True), Listen("[::]:80"))
    )
    found = config(MACHINE, nginx(default), SHOP)

    assert found.path == Path("/etc/nginx/sites-enabled/uncork-balancer-my-shop.conf")
    golden("balancer", {"site.conf": found.content})


def test_a_name_that_another_site_has_is_refused() -> None:
    other = Server("/etc/nginx/sites-enabled/other", ("shop.example.com",), (Listen("0.0.0.0:80"),))

    with pytest.raises(UsageError) as caught:
        config(MACHINE, nginx(other), SHOP)

    assert caught.value.problem == "shop.example.com on port 80 is the site in /etc/nginx/sites-enabled/other already"


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
