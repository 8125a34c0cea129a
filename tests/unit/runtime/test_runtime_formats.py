"""How records look: one line or one indented block each, whatever is in them."""

import json
import logging
import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.runtime.logged import asked, fresh, record
from uncork_runtime.formats import formatter
from uncork_runtime.settings import Settings

SETTINGS = Settings("shop", "production", 12)
TEXT = formatter(SETTINGS)
JSON = formatter(SETTINGS._replace(format="json"))


@pytest.fixture(autouse=True)
def _apart() -> Iterator[None]:
    with fresh():
        yield


def raised(text: str) -> Any:
    try:
        int(text)
    except ValueError:
        return sys.exc_info()


def spelt(path: str) -> str:
    """As PEP 3333 has what is not ASCII."""
    return path.encode("utf-8", "replace").decode("latin-1")


def test_a_record_of_a_request_says_all_that_is_known_of_it() -> None:
    class Asked:
        class url_rule:  # noqa: N801 - as werkzeug has it
            rule = "/<verb>"

    with asked(**{"werkzeug.request": Asked}):
        assert TEXT.format(record("payment %s", "failed")) == (
            "2026-11-22T16:05:12.123Z ERROR shop.views: payment failed "
            "[id=8f3a8f3a8f3a POST /buy route=/<verb> client=203.0.113.9 user=7 release=12 production]"
        )


def test_outside_of_a_request_there_is_the_release() -> None:
    line = "2026-11-22T16:05:12.123Z ERROR shop.views: payment failed [release=12 production]"
    assert TEXT.format(record("payment failed")) == line


def test_what_is_not_known_is_not_there() -> None:
    with asked(REMOTE_ADDR="", REMOTE_USER=""):
        assert TEXT.format(record("x")).endswith(" [id=8f3a8f3a8f3a POST /buy release=12 production]")


def test_values_in_brackets_can_neither_leave_them_nor_add_to_them() -> None:
    with asked(PATH_INFO=spelt("/a] b\nc\\ \x1b[2J\u2028"), REMOTE_USER="eve client=me"):
        line = TEXT.format(record("x"))
    asked_for = r"POST /a\x5d\x20b\nc\x5c\x20\x1b[2J\u2028 client=203.0.113.9 user=eve\x20client=me release=12"
    assert asked_for in line


def test_a_message_of_many_lines_is_one_block_and_its_first_line_has_the_brackets() -> None:
    text = TEXT.format(record("one\r\n2026-11-22T16:05:12.123Z ERROR forged: two\rthree\x1b[31m"))
    assert text.split("\n") == [
        "2026-11-22T16:05:12.123Z ERROR shop.views: one [release=12 production]",
        r"    2026-11-22T16:05:12.123Z ERROR forged: two\rthree\x1b[31m",
    ]


def test_a_traceback_is_part_of_its_record() -> None:
    first, *more = TEXT.format(record("failed", exc_info=raised("one"))).split("\n")
    assert first.endswith("failed [release=12 production]")
    assert more[0] == "    Traceback (most recent call last):"
    assert more[-1] == "    ValueError: invalid literal for int() with base 10: 'one'"


@given(st.text(), st.text())
def test_whatever_a_message_is_only_its_first_line_begins_as_a_record(message: str, path: str) -> None:
    with asked(PATH_INFO=spelt(path)):
        block = f"{TEXT.format(record('%s', message))}\n".encode("utf-8", "backslashreplace").decode()
    first, *more, last = block.split("\n")
    assert re.match(r"2026-11-22T16:05:12\.123Z ERROR shop\.views: .* ?\[id=8f3a8f3a8f3a POST [^\s\]]+ .*\]$", first)
    assert all(line.startswith("    ") for line in more)
    assert last == ""


def test_json_has_the_same_and_what_extra_gave() -> None:
    with asked():
        line = JSON.format(record("one\ntwo", extra_thing={"a": [1, None]}, user="ours"))
    assert json.loads(line) == {
        "time": "2026-11-22T16:05:12.123Z",
        "level": "ERROR",
        "logger": "shop.views",
        "message": "one\ntwo",
        "id": "8f3a8f3a8f3a",
        "method": "POST",
        "path": "/buy",
        "route": "",
        "client": "203.0.113.9",
        "user": "7",
        "release": 12,
        "environment": "production",
        "extra_thing": {"a": [1, None]},
    }


def test_json_outside_of_a_request_has_no_request() -> None:
    keys = json.loads(JSON.format(record("x", exc_info=raised("no"), count=3)))
    assert not keys.keys() & {"id", "method", "path", "route", "client", "user"}
    assert keys["count"] == 3
    assert keys["exception"].endswith("with base 10: 'no'")


class Unwilling:
    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize("extra", [float("nan"), {("a", 1): 2}, Unwilling(), [Unwilling()], {1, 2}, "\ud800", b"x"])
def test_json_is_json_whatever_extra_gave(extra: object) -> None:
    line = JSON.format(record("x", extra=extra)).encode("utf-8", "backslashreplace")
    assert b"\n" not in line
    assert json.loads(line, parse_constant=pytest.fail)["message"] == "x"


def test_a_circle_in_an_extra_ends_somewhere() -> None:
    circle: list[object] = []
    circle.append(circle)
    assert json.loads(JSON.format(record("x", circle=circle)))["message"] == "x"


@pytest.mark.parametrize("form", [TEXT, JSON])
def test_arguments_that_do_not_fit_are_no_error_and_the_message_is_there(form: logging.Formatter) -> None:
    assert "only %s and %s (its arguments can't be filled in: TypeError)" in form.format(record("only %s and %s", 1))
    assert "RuntimeError" in form.format(record("%s", Unwilling()))


def test_a_format_string_may_name_the_request() -> None:
    names = "%(request_id)s %(method)s %(path)s %(route)s %(client)s %(user)s %(release)s %(environment)s"
    made = formatter(SETTINGS._replace(format=f"%(asctime)s %(lineno)d {names} %(message)s"))
    with asked():
        text = made.format(record("one\ntwo"))
    assert text == "2026-11-22T16:05:12.123Z 41 8f3a8f3a8f3a POST /buy - 203.0.113.9 7 12 production one\n    two"
    assert made.format(record("one")) == "2026-11-22T16:05:12.123Z 41 - - - - - - 12 production one"


def test_a_format_string_may_be_of_braces() -> None:
    assert formatter(SETTINGS._replace(format="{levelname} {release}: {message}")).format(record("x")) == "ERROR 12: x"


def test_a_format_string_may_name_what_only_later_pythons_know() -> None:
    given = record("x")
    vars(given).pop("taskName", None)
    assert formatter(SETTINGS._replace(format="%(taskName)s %(message)s")).format(given) == "None x"


def test_a_format_string_leaves_the_record_to_others_as_it_was() -> None:
    given = record("password=%s", "abc")
    formatter(SETTINGS._replace(format="%(message)s")).format(given)
    assert (given.msg, given.args) == ("password=%s", ("abc",))
    assert not hasattr(given, "request_id")


def test_colours_are_for_a_person_and_a_message_may_have_its_own() -> None:
    made = formatter(SETTINGS, coloured=True)
    with asked(REMOTE_USER=""):
        text = made.format(record("a \x1b[36mblue\x1b[0m one\x1b[2J"))
    assert text.endswith(
        "\x1b[31mERROR\x1b[0m shop.views: a \x1b[36mblue\x1b[0m one\\x1b[2J"
        " \x1b[2m[id=8f3a8f3a8f3a POST /buy client=203.0.113.9]\x1b[0m"
    )
