"""Which Python a project asks for, and what its `.env` says of Flask."""

import pytest

from uncork.project.dotenv import flask_variables
from uncork.project.python import requires_python


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"pyproject.toml": '[project]\nrequires-python = ">=3.10,<3.13"\n', ".python-version": "3.9"}, ">=3.10,<3.13"),
        ({".python-version": "3.12\n"}, "==3.12.*"),
        ({".python-version": "# ours\n3.11.4\n3.12\n"}, "==3.11.*"),
        ({".python-version": "cpython@3.12"}, "==3.12.*"),
        ({".python-version": "my-virtualenv\n"}, ""),
        ({"pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.9"\n'}, ">=3.9,<4"),
        ({"pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.9 || ^4"\n'}, ""),
        ({}, ""),
    ],
)
def test_the_python_is_what_the_project_says_best(texts: dict[str, str], expected: str) -> None:
    assert requires_python(texts) == expected


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("FLASK_APP=hello", "hello"),
        ("  export FLASK_APP = hello:app  # ours", "hello:app"),
        ("FLASK_APP=\"hello:create_app('x')\"", "hello:create_app('x')"),
        ("FLASK_APP='hello#x' # ours", "hello#x"),
        ("FLASK_APP=hello:app#1", "hello:app#1"),
        ("FLASK_APP=", ""),
        ("A=1\nFLASK_APP=one\r\nFLASK_APP=two\nB=2", "two"),
    ],
)
def test_flask_app_is_read_as_flask_does(line: str, value: str) -> None:
    assert flask_variables(line.replace("\r\n", "\n")) == {"FLASK_APP": value}


def test_no_other_variable_is_read() -> None:
    assert flask_variables("SECRET_KEY=x\nMY_FLASK_APP=y\nFLASK_DEBUG=1\n#FLASK_APP=z\n") == {"FLASK_DEBUG": "1"}
