from dataclasses import replace
from pathlib import Path

from tests.unit.recipes.parts import app_facts, release, said
from uncork.plan import Remove
from uncork.recipes.retire import old_environments, old_releases, old_wheels


def test_the_newest_releases_are_kept_and_the_live_one_whatever_its_age() -> None:
    app = replace(app_facts("shop", live=1), releases=tuple(release(n) for n in range(1, 8)))
    assert [old.id for old in old_releases(app, 3)] == [2, 3, 4]


def test_no_release_is_thrown_away_while_it_is_not_known_which_is_live() -> None:
    app = replace(app_facts("shop"), live=None, releases=tuple(release(n) for n in range(1, 8)))
    assert old_releases(app, 3) == ()


def test_an_environment_goes_when_no_release_uses_it() -> None:
    paths = (Path("/state/apps/shop/venvs/abc"), Path("/state/apps/shop/venvs/def"))
    assert said(old_environments(app_facts("shop"), paths)) == ["Remove /state/apps/shop/venvs/def"]


def test_a_wheel_that_was_sent_stays_while_a_release_has_it_in_its_lock() -> None:
    sent = tuple(
        Path("/wheels", name) for name in ("Flask_Login-0.6.3-py3-none-any.whl", "flask-3.1.0-py3-none-any.whl")
    )
    gone = old_wheels(sent, ["flask-login==0.6.3 \\\n    --hash=sha256:aa\n", "flask==3.1.3\n"])
    assert [step.path.name for step in gone if isinstance(step, Remove)] == ["flask-3.1.0-py3-none-any.whl"]
