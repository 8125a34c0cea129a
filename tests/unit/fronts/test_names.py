"""Which apps answer under which names."""

import pytest

from uncork.errors import UsageError
from uncork.fronts.names import by_names, first_at_each_mount
from uncork.serving import Protocol, Site


def site(app: str, *domains: str, mount: str = "/") -> Site:
    return Site(app, Protocol.UWSGI, domains, mount)


def said(*sites: Site) -> dict[tuple[str, ...], tuple[str, ...]]:
    return {names.hosts: tuple(s.app for s in names.sites) for names in by_names(sites)}


def test_every_app_has_a_name_of_its_own_under_localhost() -> None:
    assert said(site("shop"), site("blog", mount="/blog")) == {
        ("shop.localhost",): ("shop",),
        ("blog.localhost",): ("blog",),
    }


def test_all_names_of_an_app_mean_the_same() -> None:
    names = ("shop.localhost", "example.com", "*.example.com", "www.example.org")
    assert said(site("shop", "Example.com", "example.com", "*.example.com", "www.example.org")) == {names: ("shop",)}


def test_apps_that_share_a_domain_are_told_apart_by_their_mounts() -> None:
    assert said(site("blog", "example.com"), site("shop", "example.com", "a.com", mount="/shop")) == {
        ("blog.localhost",): ("blog",),
        ("example.com",): ("blog", "shop"),
        ("shop.localhost", "a.com"): ("shop",),
    }


def test_two_apps_at_one_url_are_refused() -> None:
    with pytest.raises(UsageError, match=r"shop and blog would both answer at example\.com/"):
        by_names((site("shop", "example.com"), site("blog", "EXAMPLE.com")))


def test_where_no_name_says_which_the_first_at_each_mount_answers() -> None:
    first, second, third = site("a"), site("b"), site("c", mount="/c")
    assert first_at_each_mount((first, second, third)) == (first, third)


@pytest.mark.parametrize(
    "domain",
    [
        "",
        "a b",
        "a;b",
        "a{",
        "~^a",
        "$host",
        "a\n",
        "a..b",
        ".a",
        "a*",
        "*",
        "*.*.a",
        "é.com",
        "a" * 64,
        "a." * 127 + "a",
    ],
)
def test_what_is_no_host_name_is_refused(domain: str) -> None:
    with pytest.raises(UsageError, match="host name"):
        by_names((site("shop", domain),))
