"""Imports are traced from the app, and only those of others count."""

from uncork.model import AppTarget, Place
from uncork.project.distributions import distribution_for
from uncork.project.imports import imports

APP = AppTarget("app", "app")


def found(texts: dict[str, str], target: AppTarget = APP, *, optional: bool = True) -> dict[str, str]:
    return {module: str(place) for module, place in imports(texts, target, optional=optional).items()}


def test_the_standard_library_and_the_trees_own_modules_are_nobody_elses() -> None:
    texts = {"app.py": "import os, yaml, models\nfrom helpers.a import b\n", "models.py": "", "helpers/a.py": "b = 1\n"}
    assert found(texts) == {"yaml": "app.py:1"}


def test_what_is_imported_by_what_is_imported_counts_and_other_scripts_do_not() -> None:
    texts = {"app.py": "import models\n", "models.py": "\nimport sqlalchemy.orm\n", "train.py": "import pandas\n"}
    assert found(texts) == {"sqlalchemy": "models.py:2"}


def test_a_package_that_is_reached_counts_whole_but_for_its_tests() -> None:
    texts = {
        "app.py": "import shop\n",
        "shop/__init__.py": "",
        "shop/views.py": "import flask\n",
        "shop/tests/test_views.py": "import pytest\n",
    }
    assert found(texts) == {"flask": "shop/views.py:1"}


def test_relative_imports_stay_in_the_tree() -> None:
    texts = {"web/__init__.py": "from . import views\nfrom .views import x\n", "web/views.py": "from ..web import y\n"}
    assert found(texts, AppTarget("web", "app")) == {}


def test_imports_inside_functions_count_and_those_for_type_checkers_do_not() -> None:
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import boto3\ndef f():\n    import requests\n"
    assert found({"app.py": text}) == {"requests": "app.py:5"}


def test_what_the_source_can_do_without_is_left_out_when_asked() -> None:
    text = """
import flask
try:
    import ujson as json
except ImportError:
    import simplejson as json
with suppress(ImportError):
    import sentry_sdk
if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli
"""
    assert set(found({"app.py": text})) == {"flask", "ujson", "simplejson", "sentry_sdk", "tomli"}
    assert set(found({"app.py": text}, optional=False)) == {"flask"}


def test_a_namespace_that_many_distributions_share_counts_by_its_parts() -> None:
    text = "from google.cloud import storage\nimport google.protobuf.message\nfrom ruamel.yaml import YAML\n"
    assert set(found({"app.py": text})) == {"google.cloud.storage", "google.protobuf", "ruamel.yaml"}


def test_a_module_imported_by_its_name_in_a_string_counts() -> None:
    assert found({"app.py": "import importlib\nx = importlib.import_module('stripe')\n"}) == {"stripe": "app.py:2"}


def test_modules_beside_the_app_in_a_folder_are_local() -> None:
    texts = {"backend/app.py": "import models\nimport flask\n", "backend/models.py": ""}
    assert set(found(texts, AppTarget("app", "app", ("backend", "")))) == {"flask"}


def test_places_are_places() -> None:
    assert imports({"app.py": "import flask"}, APP) == {"flask": Place("app.py", 1)}


def test_distributions_are_known_where_their_names_differ() -> None:
    modules = ("yaml.nodes", "PIL", "flask_sqlalchemy", "google.cloud.storage.blob", "dotenv", "some_thing", "flask")
    assert [distribution_for(m) for m in modules] == [
        "PyYAML",
        "pillow",
        "flask-sqlalchemy",
        "google-cloud-storage",
        "python-dotenv",
        "some-thing",
        "flask",
    ]


def test_what_a_release_brings_itself_is_nobodys_distribution() -> None:
    assert found({"app.py": "import flask\nfrom uncork_runtime.flask import Uncork\nimport uncork\n"}) == {
        "flask": "app.py:1"
    }
