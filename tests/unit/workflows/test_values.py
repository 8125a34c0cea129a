"""The values of `config set`: what goes in comes out, and nothing else goes in."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from uncork.errors import RefusedError, UsageError
from uncork.layout import Layout
from uncork.workflows.values import change, owner, parse_lines, read, tried

HOSTILE = ["", "a\nb", "\r\n", '"', "\\", "$(id)", "@(exec://id)", "%d", "ü\u2028", "\udcff", "# x", "x" * 65_536]


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "home", tmp_path / "run")


def secrets(layout: Layout) -> Path:
    return layout.app("shop").secrets


@pytest.mark.parametrize("value", HOSTILE, ids=[ascii(value[:9]) for value in HOSTILE])
def test_a_value_comes_out_as_it_went_in(layout: Layout, value: str) -> None:
    change(layout, "shop", {"A": "before"})
    change(layout, "shop", {"SECRET": value})

    assert read(secrets(layout)) == {"A": "before", "SECRET": value}


def test_the_release_reads_what_was_set(layout: Layout) -> None:
    values = {f"V{i}": value for i, value in enumerate(HOSTILE)}
    change(layout, "shop", dict(values))
    code = f"import os, sys; from uncork_runtime import env; env.load({str(secrets(layout))!r})\n"
    code += "import json; print(json.dumps({n: v for n, v in os.environ.items() if n.startswith('V')}))"

    printed = subprocess.run((sys.executable, "-c", code), capture_output=True, check=True, env={})

    assert json.loads(printed.stdout) == values


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_any_text_comes_out_as_it_went_in(layout: Layout, value: str) -> None:
    change(layout, "shop", {"SECRET": value})

    assert read(secrets(layout)) == {"SECRET": value}


def test_the_file_is_for_one_reader_alone(layout: Layout) -> None:
    change(layout, "shop", {"A": "1"})

    assert stat.S_IMODE(secrets(layout).stat().st_mode) == 0o600


def test_a_value_that_is_set_again_or_taken_away_leaves_the_others(layout: Layout) -> None:
    change(layout, "shop", {"A": "1", "B": "2", "C": "3"})
    change(layout, "shop", {"B": "4", "C": None})

    assert read(secrets(layout)) == {"A": "1", "B": "4"}


def test_comments_of_somebody_are_kept(layout: Layout) -> None:
    change(layout, "shop", {"A": "1"})
    secrets(layout).write_text('# mine\n\nA="1"\n')
    change(layout, "shop", {"B": "2"})

    assert secrets(layout).read_text() == '# mine\nA="1"\nB="2"\n'


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("1A", "x", "'1A' can't name an environment variable"),
        ("", "x", "'' can't name an environment variable"),
        ("A B", "x", "'A B' can't name an environment variable"),
        ("A\n", "x", "'A\\n' can't name an environment variable"),
        ("UNCORK_HOME", "x", "UNCORK_HOME is set by uncork itself"),
        ("A", "s3cret\0", "the value of A holds a NUL, which no environment can"),
        ("A", "s3cret" * 11_000, "the value of A is longer than 64 KB"),
        ("A", "s3cret\ud800", "the value of A is no text"),
    ],
)
def test_what_no_environment_can_hold_is_refused_without_its_value(
    layout: Layout, name: str, value: str, problem: str
) -> None:
    with pytest.raises(UsageError) as caught:
        change(layout, "shop", {"GOOD": "1", name: value})

    assert caught.value.problem == problem
    assert "s3cret" not in f"{caught.value.problem}{caught.value.fix}{caught.value.detail}"
    assert not secrets(layout).exists()


def test_taking_away_what_is_not_there_is_a_usage_error_and_makes_nothing(layout: Layout) -> None:
    with pytest.raises(UsageError, match="there is no value A"):
        change(layout, "shop", {"A": None})

    assert not layout.home.exists()


@pytest.mark.parametrize("line", ["A=s3cret", 'A="s3cret', 'A="\\xs3cret"', "s3cret"])
def test_a_broken_file_is_told_by_its_line_alone(layout: Layout, line: str) -> None:
    secrets(layout).parent.mkdir(parents=True)
    secrets(layout).write_text(f'OK="1"\n{line}\n')

    with pytest.raises(UsageError) as caught:
        read(secrets(layout))

    assert caught.value.problem == f'{secrets(layout)}:2: this is no NAME="value" line'


def test_lines_are_taken_to_the_letter() -> None:
    assert parse_lines('A=1\n# B=2\n\nC="x"=y \r\nD=') == {"A": "1", "C": '"x"=y ', "D": ""}
    with pytest.raises(UsageError, match="line 2 of what was read"):
        parse_lines("A=1\ns3cret\n")


def test_the_only_app_is_meant(layout: Layout, tmp_path: Path) -> None:
    live(layout, "shop")

    assert owner(layout, None, tmp_path) == "shop"


def test_before_the_first_up_the_project_one_stands_in_is_meant(layout: Layout, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "Book_Shop"\n')

    assert owner(layout, None, tmp_path) == "book-shop"
    assert owner(layout, "other", tmp_path) == "other"


def test_without_app_and_project_it_is_a_usage_error(layout: Layout, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing is deployed here yet"):
        owner(layout, None, tmp_path)
    with pytest.raises(UsageError, match="the app's name is 'x;y'"):
        owner(layout, "x;y", tmp_path)


def live(layout: Layout, name: str) -> None:
    paths = layout.app(name)
    paths.root.mkdir(parents=True)
    paths.live.symlink_to("releases/1")


def test_values_with_which_something_fails_are_as_they_were(layout: Layout) -> None:
    change(layout, "shop", {"A": "before", "B": "before", "C": "before"})
    refused = RefusedError("it does not boot", "mend it")

    def fails() -> None:
        with tried(layout, "shop", {"A": "now", "B": None, "D": "new"}):
            assert read(secrets(layout)) == {"A": "now", "C": "before", "D": "new"}
            change(layout, "shop", {"C": "of another"})
            raise refused

    with pytest.raises(RefusedError):
        fails()

    assert read(secrets(layout)) == {"A": "before", "B": "before", "C": "of another"}
    assert refused.fix == "mend it; the values are as they were"


def test_values_with_which_all_goes_well_stay(layout: Layout) -> None:
    with tried(layout, "shop", {"A": "now"}):
        pass

    assert read(secrets(layout)) == {"A": "now"}
