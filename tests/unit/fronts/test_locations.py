"""What holds for each part of an app's URLs."""

from uncork.fronts.locations import Location, locations
from uncork.serving import Cache, PathRule, Protocol, Site, Static


def found(*paths: PathRule, mount: str = "/", static: tuple[Static, ...] = (), **more: object) -> dict[str, Location]:
    site = Site("shop", Protocol.UWSGI, mount=mount, static=static, paths=paths, **more)  # type: ignore[arg-type]
    return {location.url: location for location in locations(site)}


def test_an_app_without_rules_has_its_mount_and_its_folders() -> None:
    assert list(found(static=(Static("/static/", "/srv/s"),), mount="/shop")) == ["/shop/", "/shop/static/"]


def test_a_rule_for_a_longer_path_keeps_what_it_does_not_say_itself() -> None:
    admin = PathRule("/admin", timeout=60, allow=("10.0.0.0/8",), basic_auth="/srv/staff")
    said = found(admin, PathRule("/admin/reports", timeout=600))["/admin/reports"]
    assert (said.timeout, said.allow, said.basic_auth) == (605, ("10.0.0.0/8",), "/srv/staff")


def test_a_rule_for_all_urls_holds_for_static_files_too() -> None:
    said = found(PathRule("/", allow=("::1",)), static=(Static("/static/", "/srv/s"),))
    assert [location.allow for location in said.values()] == [("::1",), ("::1",)]


def test_a_rule_within_a_static_folder_leaves_it_one() -> None:
    said = found(PathRule("/static/private/", allow=("::1",)), static=(Static("/static/", "/srv/s"),))
    assert said["/static/private/"].directory == "/srv/s/private/"
    assert not said["/static/"].allow


def test_no_rule_opens_what_is_uncork_s_own() -> None:
    assert list(found(PathRule("/_uncork/ready", timeout=1), PathRule("/%5funcork/live"))) == ["/"]


def test_a_rule_is_for_the_path_that_is_meant_however_it_is_written() -> None:
    assert list(found(PathRule("/a%20b", timeout=1), PathRule("/a b", timeout=2))) == ["/", "/a b"]


def test_a_rule_decides_on_the_cache_where_it_says_so() -> None:
    rules = (PathRule("/live", cache=False), PathRule("/feed", cache=True))
    assert [location.cache for location in found(*rules, cache=Cache(on=True)).values()] == [True, True, False]
    assert [location.cache for location in found(*rules).values()] == [False, True, False]
