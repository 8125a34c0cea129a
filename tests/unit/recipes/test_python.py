"""The Python of a release is the first that the project allows and that who serves requests can reach."""

import pytest

from uncork.errors import UsageError
from uncork.model import Interpreter
from uncork.recipes.python import choose
from uncork.recipes.specifier import allows

HERE = (
    Interpreter("/root/python3.11", "3.11.7"),
    Interpreter("/usr/bin/python3.11", "3.11.2"),
    Interpreter("/opt/python3.13", "3.13.0"),
    Interpreter("/opt/python3.8", "3.8.1"),
)
ALL = frozenset(i.path for i in HERE)


@pytest.mark.parametrize(
    ("specifier", "python", "is_allowed"),
    [
        ("", "3.11.2", True),
        (">=3.10", "3.10.0", True),
        (">=3.10", "3.9.18", False),
        (" >= 3.10 , < 4 ", "3.14.1", True),
        ("<3.13", "3.13.0", False),
        ("<3.13", "3.12.9", True),
        ("<=3.11", "3.11.2", False),
        (">3.10", "3.10.5", True),
        (">3.10", "3.10.0", False),
        ("==3.11", "3.11.0", True),
        ("==3.11", "3.11.2", False),
        ("===3.11.2", "3.11.2", True),
        ("==3.11.*", "3.11.2", True),
        ("==3.1.*", "3.11.2", False),
        ("!=3.11.*", "3.11.2", False),
        ("!=3.11.*,>=3.9", "3.12.2", True),
        ("!=3.11.2", "3.11.2", False),
        ("~=3.9", "3.12.1", True),
        ("~=3.9", "4.0.0", False),
        ("~=3.9.2", "3.9.18", True),
        ("~=3.9.2", "3.10.0", False),
        (">=3.14", "3.14.0rc1", True),
    ],
)
def test_specifiers_mean_what_pep_440_says(specifier: str, python: str, is_allowed: bool) -> None:  # noqa: FBT001
    assert allows(specifier, python) is is_allowed


@pytest.mark.parametrize("nonsense", ["^3.10", "3.10", ">=three", "~=3", ">=3.*", "latest"])
def test_what_is_no_specifier_is_refused_with_how_to_write_it(nonsense: str) -> None:
    with pytest.raises(UsageError) as raised:
        choose(HERE, nonsense, ALL)
    assert nonsense in raised.value.problem
    assert ">=3.10" in raised.value.fix


def test_the_first_is_chosen_where_all_will_do() -> None:
    assert choose(HERE, "", ALL) == HERE[0]


def test_one_that_who_serves_can_not_reach_is_passed_over() -> None:
    assert choose(HERE, ">=3.10", ALL - {HERE[0].path}) == HERE[1]


def test_the_project_s_own_requirement_decides() -> None:
    assert choose(HERE, ">=3.12", ALL) == HERE[2]


def test_a_python_older_than_the_runtime_s_is_never_chosen() -> None:
    with pytest.raises(UsageError):
        choose(HERE[3:], "", ALL)


def test_without_one_that_will_do_it_says_what_is_there_and_how_to_get_one() -> None:
    with pytest.raises(UsageError) as raised:
        choose(HERE, ">=3.14", ALL)
    assert "3.13.0 (/opt/python3.13)" in raised.value.problem
    assert "uv python install 3.14" in raised.value.fix


def test_without_one_in_reach_it_says_how_to_install_one_for_everybody() -> None:
    with pytest.raises(UsageError) as raised:
        choose(HERE, "==3.11.*", frozenset())
    assert "can't reach" in raised.value.problem
    assert "apt install python3.11" in raised.value.fix


def test_a_machine_that_is_deployed_to_is_to_be_sent_what_it_lacks() -> None:
    with pytest.raises(UsageError, match=r"there is 3\.8\.1") as refused:
        choose(HERE[3:], ">=3.13", ALL, machine=True)
    assert refused.value.fix == "send it one: `uncork server python 3.14 HOST`"
