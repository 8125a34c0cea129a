"""Whatever is written as the app, it is refused or is a plain expression."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uncork.config import Config
from uncork.errors import UsageError
from uncork.project.detect import detect

TEXTS = {
    "hello.py": "from flask import Flask\napp = Flask(__name__)\n\ndef create_app(name):\n    return Flask(name)\n"
}
PIECES = (
    "app",
    "create_app",
    "(",
    ")",
    "'",
    '"',
    "\n",
    ";",
    "{",
    "$(id)",
    "@(exec://id)",
    "%d",
    "\0",
    ",",
    "x=1",
    ".",
    " ",
)


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_a_hostile_name_is_refused_or_carried_as_a_plain_expression(name: str) -> None:
    try:
        target = detect(TEXTS, Config(name="x"), {"FLASK_APP": f"hello:{name}"}).target
    except UsageError:
        return
    expression = ast.parse(target.expression, mode="eval").body
    assert isinstance(expression, ast.Name | ast.Attribute | ast.Call)
    assert "\n" not in target.expression
    assert target.name in {"app", "create_app"}


@given(st.text(max_size=40))
def test_a_hostile_module_is_refused(module: str) -> None:
    with pytest.raises(UsageError):
        detect(TEXTS, Config(name="x"), {"FLASK_APP": f"no{module}"})


@pytest.mark.parametrize("huge", ["a" * 65_536, "create_app('" + "b" * 65_536 + "')", "create_app(" + "[" * 65_536])
def test_a_huge_name_is_refused_or_carried_through(huge: str) -> None:
    try:
        target = detect(TEXTS, Config(name="x"), {"FLASK_APP": f"hello:{huge}"}).target
    except UsageError:
        return
    assert target.expression == huge


def test_an_empty_flask_app_is_none() -> None:
    assert detect(TEXTS, Config(name="x"), {"FLASK_APP": " "}).target.expression == "app"


def test_the_environment_is_handed_to_a_factory_that_is_named_without_a_call() -> None:
    project = detect(TEXTS, Config(name="x", environment="testing"), {"FLASK_APP": "hello:create_app"})
    assert project.target.expression == "create_app('testing')"
