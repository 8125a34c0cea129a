"""`uncork config`: what comes from the command line, from standard input, and what is never printed."""

import io
import sys

import pytest

from tests.unit.cli.fakes import Deployed, Uncork
from uncork.app_layout import AppLayout
from uncork.workflows.values import read


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> io.BytesIO:
    """Return what standard input has: empty until a test fills it."""
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(raw))
    return raw


def fill(typed: io.BytesIO, text: bytes) -> None:
    typed.write(text)
    typed.seek(0)


def values(uncork: Uncork) -> dict[str, str]:
    return read(AppLayout(uncork.home, uncork.home / "run", "shop").secrets)


def test_pairs_of_the_command_line_are_set(uncork: Uncork) -> None:
    printed = uncork("config", "set", "--app", "shop", "A=1", "B=x=y z", "C=")

    assert printed.out == "shop has A, B, C changed from its next release on; `uncork restart` lets it begin now\n"
    assert values(uncork) == {"A": "1", "B": "x=y z", "C": ""}


@pytest.mark.parametrize(
    ("text", "value"),
    [(b"s3cret\n", "s3cret"), (b"s3cret", "s3cret"), (b"a\nb\n\n", "a\nb\n"), (b"\xff\r\n", "\udcff\r")],
)
def test_a_name_alone_reads_its_value_from_standard_input(
    uncork: Uncork, typed: io.BytesIO, text: bytes, value: str
) -> None:
    fill(typed, text)

    assert uncork("config", "set", "--app", "shop", "KEY").code == 0
    assert values(uncork) == {"KEY": value}


@pytest.mark.parametrize("text", [b"", b"\n"])
def test_a_value_that_did_not_come_is_not_set_to_nothing(uncork: Uncork, typed: io.BytesIO, text: bytes) -> None:
    fill(typed, text)
    printed = uncork("config", "set", "--app", "shop", "KEY")

    assert (printed.code, values(uncork)) == (2, {})
    assert "no value for KEY" in printed.err
    assert "`KEY=`" in printed.err


@pytest.mark.parametrize("argv", [(), ("-",)])
def test_lines_are_read_from_standard_input(uncork: Uncork, typed: io.BytesIO, argv: tuple[str, ...]) -> None:
    fill(typed, b"A=1\nB='two'\n")

    assert uncork("config", "set", "--app", "shop", *argv).code == 0
    assert values(uncork) == {"A": "1", "B": "'two'"}


def test_two_names_cant_both_be_read_from_standard_input(uncork: Uncork) -> None:
    assert uncork("config", "set", "--app", "shop", "A", "B").code == 2


def test_nothing_to_set_is_a_usage_error(uncork: Uncork, typed: io.BytesIO) -> None:
    fill(typed, b"")

    assert "there is nothing to set" in uncork("config", "set", "--app", "shop").err


def test_list_shows_names_alone_and_get_shows_one_value(uncork: Uncork) -> None:
    uncork("config", "set", "--app", "shop", "B=s3cret", "A=1")

    assert uncork("config", "list", "--app", "shop").out == "A=(hidden)\nB=(hidden)\n"
    assert uncork("config", "list", "--app", "shop", "--json").json == {"app": "shop", "names": ["A", "B"]}
    assert uncork("config", "get", "B", "--app", "shop").out == "s3cret\n"
    assert uncork("config", "get", "C", "--app", "shop").err == "error: shop has no value C\nfix: there are: B, A\n"


def test_set_and_unset_never_print_a_value(uncork: Uncork) -> None:
    runs = [
        uncork("config", "set", "--app", "shop", "A=s3cret", "--json"),
        uncork("config", "set", "--app", "shop", "B=s3cret\0", "--json"),
        uncork("config", "set", "--app", "shop", "1=s3cret"),
        uncork("config", "unset", "--app", "shop", "A"),
        uncork("config", "unset", "--app", "shop", "A"),
    ]

    assert [run.code for run in runs] == [0, 2, 2, 0, 2]
    assert not any("s3cret" in run.out + run.err for run in runs)


def test_with_restart_the_app_is_restarted(uncork: Uncork) -> None:
    uncork.deployed("shop")
    uncork.fake("restart", Deployed(), function="restart_with")

    assert uncork("config", "set", "A=1", "--restart", "--json").json["url"] == "http://127.0.0.1:8000/"
    assert uncork("config", "unset", "A", "--restart").code == 0
    assert [call[:3] for call in uncork.calls] == [
        ("restart_with", "shop", {"A": "1"}),
        ("restart_with", "shop", {"A": None}),
    ]
