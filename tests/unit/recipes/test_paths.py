"""The rules for paths, as a release has them."""

from tests.unit.recipes.parts import LAYOUT
from uncork.config import Config
from uncork.recipes.paths import request_timeout, rules
from uncork.serving import FrontSettings, PathRule


def config(*paths: PathRule) -> Config:
    return Config("shop", front=FrontSettings(paths=paths))


def test_a_server_gives_a_request_as_long_as_the_longest_path_does() -> None:
    assert request_timeout(config()) == 30
    assert request_timeout(config(PathRule("/a", timeout=600), PathRule("/b"), PathRule("/c", timeout=1))) == 600


def test_the_project_s_passwords_are_those_of_the_live_release_and_others_stay_where_they_are() -> None:
    own, other = rules(
        config(PathRule("/a", basic_auth="./staff"), PathRule("/b", basic_auth="/etc/s")), LAYOUT.app("shop")
    )
    assert own.basic_auth == "/state/apps/shop/live/source/staff"
    assert other.basic_auth == "/etc/s"
