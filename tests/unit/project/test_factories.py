"""Which argument of a factory is handed the environment."""

import ast

import pytest

from uncork.errors import UsageError
from uncork.model import Place
from uncork.project.factories import call


def called(arguments: str) -> str:
    definition = ast.parse(f"def create_app({arguments}): ...").body[0]
    assert isinstance(definition, ast.FunctionDef)
    return call("create_app", definition, "production", "web", Place("web.py", 1), {})


@pytest.mark.parametrize(
    "arguments",
    [
        "config_name",
        "env",
        "x",
        "config: str",
        "config_name='default'",
        "config_name=None",
        "config='development'",
        "config=os.getenv('FLASK_CONFIG', 'default')",
        "config_name: str | None = None",
        "environment=os.environ['APP_ENV']",
        "mode=None",
        "config_name, debug=False",
        "config_name, *args, **kwargs",
    ],
)
def test_an_argument_that_is_for_the_environment_is_handed_it(arguments: str) -> None:
    assert called(arguments) == "create_app('production')"


@pytest.mark.parametrize(
    "arguments",
    [
        "",
        "*args, **kwargs",
        "test_config=None",
        "config=None",
        "config_class=Config",
        "config_object='config.Development'",
        "config_filename='settings.cfg'",
        "config='settings.cfg'",
        "settings_override=None",
        "script_info=None",
        "config: dict | None = None",
        "debug=False",
        "name=__name__",
        "env_file=None",
        "environment=Environment.LIVE",
    ],
)
def test_an_argument_that_is_for_something_else_is_left_to_its_default(arguments: str) -> None:
    assert called(arguments) == "create_app()"


@pytest.mark.parametrize("arguments", ["*, env", "debug=False, env='development'", "*, a=1, env=None"])
def test_an_argument_that_is_not_the_first_is_handed_by_its_name(arguments: str) -> None:
    assert called(arguments) == "create_app(env='production')"


@pytest.mark.parametrize("arguments", ["a, b", "config_class", "config: Config", "config_filename", "*, a, b", "app"])
def test_arguments_that_nobody_can_know_are_refused_with_the_line_to_write(arguments: str) -> None:
    with pytest.raises(UsageError) as refused:
        called(arguments)
    assert 'app = "web:create_app(' in refused.value.fix


def test_an_environment_with_quotes_stays_one_string() -> None:
    definition = ast.parse("def create_app(env): ...").body[0]
    assert isinstance(definition, ast.FunctionDef)
    source = call("create_app", definition, 'it\'s "x"\n', "web", Place("web.py", 1), {})
    expression = ast.parse(source, mode="eval").body
    assert isinstance(expression, ast.Call)
    assert ast.literal_eval(expression.args[0]) == 'it\'s "x"\n'
