"""Which state directory is meant, which colours, which app."""

import os
from pathlib import Path

import pytest

from uncork.cli.options import home
from uncork.cli.output import styled, table
from uncork.errors import UsageError
from uncork.recipes.choose import FIRST, choose


def test_what_is_said_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNCORK_HOME", "/from/env")

    assert home("/said/../here") == Path("/here")
    assert home(None) == Path("/from/env")


def test_root_serves_from_var_lib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UNCORK_HOME", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 0)

    assert home(None) == Path("/var/lib/uncork")


@pytest.mark.parametrize(
    ("data", "expected"),
    [("/data", "/data/uncork"), ("", "/home/x/.local/share/uncork"), ("relative", "/home/x/.local/share/uncork")],
)
def test_others_serve_from_their_data_directory(monkeypatch: pytest.MonkeyPatch, data: str, expected: str) -> None:
    monkeypatch.delenv("UNCORK_HOME", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", data)
    monkeypatch.setenv("HOME", "/home/x")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    assert home(None) == Path(expected)


@pytest.mark.parametrize("said", ["/a\tb", "/a\x7f", "/a\udcff", "/a\u2028b"])
def test_a_name_with_what_cant_be_seen_is_refused(said: str) -> None:
    with pytest.raises(UsageError, match="can't be seen"):
        home(said)


def test_no_color_means_no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert styled("a", fg="red") != "a"
    monkeypatch.setenv("NO_COLOR", "1")
    assert styled("a", fg="red") == "a"


def test_a_table_is_aligned_whatever_its_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    red = styled("x", fg="red")

    assert table(("A", "B"), [(red, "1"), ("long", "")]) == f"A     B\n{red}     1\nlong"


@pytest.mark.parametrize(
    ("names", "asked", "problem", "fix"),
    [
        ((), None, "nothing is deployed here yet", FIRST),
        (("a", "b"), None, "several apps are here: a, b", "name one of them: --app a"),
        (("shop", "blog"), "shpo", "there is no app 'shpo' here", "did you mean --app shop?"),
        (("shop", "blog"), "x\n", "there is no app 'x\\n' here", "deploy it, or name one that is: shop, blog"),
        ((), "shop", "there is no app 'shop' here", FIRST),
    ],
)
def test_an_app_that_is_not_clear_is_a_usage_error(
    names: tuple[str, ...], asked: str | None, problem: str, fix: str
) -> None:
    with pytest.raises(UsageError) as caught:
        choose(names, asked)

    assert (caught.value.problem, caught.value.fix) == (problem, fix)


def test_the_only_app_or_the_asked_one_is_chosen() -> None:
    assert choose(("shop",), None) == "shop"
    assert choose(("shop", "blog"), "blog") == "blog"
