"""The user that an app has on a machine set up for serving."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uncork.app_layout import account_name
from uncork.errors import UsageError
from uncork.plan import Run, Step
from uncork.recipes.accounts import Enrolled, dismiss_group, dismiss_user, enroll

MEMBERS = ("uncork", "www-data")


def commands(steps: tuple[Step, ...]) -> list[str]:
    return [" ".join((step.argv[0], step.argv[-1])) for step in steps if isinstance(step, Run)]


def test_an_app_gets_a_user_whose_group_the_agent_and_the_front_are_in() -> None:
    steps = enroll("shop", Enrolled(user=False, group=False), MEMBERS)
    assert commands(steps) == ["useradd uncork-shop", "gpasswd uncork-shop", "gpasswd uncork-shop"]
    assert isinstance(steps[0], Run)
    assert {"--system", "--user-group", "/usr/sbin/nologin"} <= set(steps[0].argv)


def test_nothing_is_done_where_all_is_so_already() -> None:
    assert enroll("shop", Enrolled(user=True, group=True, members=frozenset(MEMBERS)), MEMBERS) == ()


def test_a_front_that_runs_as_somebody_else_now_is_let_in() -> None:
    there = Enrolled(user=True, group=True, members=frozenset(MEMBERS))
    assert commands(enroll("shop", there, ("uncork", "nginx"))) == ["gpasswd uncork-shop"]


def test_a_group_that_an_earlier_user_left_is_taken() -> None:
    (make,) = enroll("shop", Enrolled(user=False, group=True, members=frozenset(MEMBERS)), MEMBERS)
    assert isinstance(make, Run)
    assert make.argv[make.argv.index("--gid") :][:2] == ("--gid", "uncork-shop")


def test_what_is_there_of_a_user_is_removed_and_nothing_else() -> None:
    assert commands(dismiss_user("shop", Enrolled(user=True, group=True))) == ["userdel uncork-shop"]
    assert commands(dismiss_group("shop", Enrolled(user=False, group=True))) == ["groupdel uncork-shop"]
    assert dismiss_user("shop", Enrolled(user=False, group=False)) == ()
    assert dismiss_group("shop", Enrolled(user=False, group=False)) == ()


def test_a_user_of_somebody_elses_is_neither_taken_nor_removed() -> None:
    theirs = Enrolled(user=True, group=True, members=frozenset(MEMBERS), ours=False)
    with pytest.raises(UsageError, match="there is a user uncork-shop on this machine"):
        enroll("shop", theirs, MEMBERS)
    assert dismiss_user("shop", theirs) == ()
    assert dismiss_group("shop", theirs) == ()


@given(st.from_regex(r"[a-z][a-z0-9-]{0,39}", fullmatch=True))
def test_every_apps_user_has_a_name_that_a_machine_takes(app: str) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9-]{0,31}", account_name(app))


def test_two_long_names_that_begin_alike_are_two_users() -> None:
    assert account_name("a" * 39 + "b") != account_name("a" * 40)
    assert account_name("shop") == "uncork-shop"
