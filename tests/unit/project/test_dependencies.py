"""Where dependencies are written down is found in the order that the documentation says."""

import pytest

from uncork.errors import UsageError
from uncork.model import AppTarget, Dependencies, Source
from uncork.project.dependencies import dependencies

APP = AppTarget("app", "app")
HASHED = "flask==3.1.0 \\\n    --hash=sha256:aa\n    # via -r requirements.in\n"
EVERY = {
    "uv.lock": '[[package]]\nname = "flask"\nversion = "3.1.0"\n',
    "requirements.txt": HASHED,
    "requirements.in": "flask\n",
    "pyproject.toml": '[project]\nname = "x"\ndependencies = ["flask"]\n',
    "Pipfile.lock": '{"default": {"flask": {"version": "==3.1.0", "hashes": ["sha256:aa"]}}}',
    "poetry.lock": '[[package]]\nname = "flask"\nversion = "3.1.0"\ngroups = ["main"]\n',
    "app.py": "import flask\n",
}


def of(texts: dict[str, str], target: AppTarget = APP) -> Dependencies:
    return dependencies(texts, target)


def without(*names: str) -> dict[str, str]:
    return {path: text for path, text in EVERY.items() if path not in names}


def test_each_source_is_taken_when_no_better_one_exists() -> None:
    assert of(EVERY).source is Source.UV_LOCK
    assert of(without("uv.lock")).source is Source.PINNED
    assert of(without("uv.lock", "requirements.txt")).source is Source.REQUIREMENTS_IN
    unpinned = without("uv.lock", "requirements.in") | {"requirements.txt": "flask\n"}
    assert of(unpinned).source is Source.REQUIREMENTS_TXT
    assert of({path: EVERY[path] for path in ("pyproject.toml", "Pipfile.lock")}).source is Source.PYPROJECT
    assert of({path: EVERY[path] for path in ("poetry.lock", "Pipfile.lock")}).source is Source.PIPFILE_LOCK
    assert of({path: EVERY[path] for path in ("poetry.lock", "app.py")}).source is Source.POETRY_LOCK
    assert of({"app.py": EVERY["app.py"]}).source is Source.IMPORTS


def test_a_hashed_requirements_file_is_taken_as_it_is() -> None:
    assert of({"requirements.txt": HASHED}).requirements == tuple(HASHED.splitlines())


def test_pins_without_hashes_are_left_to_the_resolver_which_adds_what_they_need() -> None:
    found = of({"requirements.txt": "flask==3.1.0\n"})
    assert (found.source, found.requirements) == (Source.PINNED, ())
    assert found.notes


def test_one_unpinned_line_in_an_included_file_makes_all_unpinned() -> None:
    found = of({"requirements.txt": "-r base.txt\na==1\n", "base.txt": "flask>=3\n"})
    assert found.source is Source.REQUIREMENTS_TXT
    assert found.files == ("requirements.txt", "base.txt")


def test_an_include_that_was_not_read_is_left_to_the_resolver() -> None:
    assert of({"requirements.txt": "-r ../elsewhere.txt\na==1\n"}).source is Source.REQUIREMENTS_TXT


def test_the_project_itself_is_left_out_of_its_lock() -> None:
    texts = {"requirements.txt": "-e .\n", "pyproject.toml": '[project]\nname = "My.Shop"\ndependencies = ["flask"]\n'}
    assert of(texts).omit == ("my-shop",)
    assert of(texts).files == ("requirements.txt", "pyproject.toml")


def test_the_line_that_debians_pip_freeze_adds_is_left_out() -> None:
    found = of({"requirements.txt": "flask==3.1.0\npkg-resources==0.0.0\n"})
    assert found.requirements == ("flask==3.1.0",)


@pytest.mark.parametrize("text", ["[tool.ruff]\nline-length = 100\n", '[project]\nname = "x"\n'])
def test_a_pyproject_without_dependencies_falls_through_to_the_imports(text: str) -> None:
    assert of({"pyproject.toml": text, "app.py": "import flask\n"}).source is Source.IMPORTS


def test_empty_dependencies_in_pyproject_are_dependencies() -> None:
    assert of({"pyproject.toml": "[project]\ndependencies = []\n"}).source is Source.PYPROJECT


def test_poetrys_lock_is_taken_before_the_pyproject_that_it_locks() -> None:
    assert of({path: EVERY[path] for path in ("pyproject.toml", "poetry.lock")}).source is Source.POETRY_LOCK


def test_poetrys_and_pipenvs_manifests_without_a_lock_are_understood() -> None:
    poetry = of({"pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.10"\nflask = "^3.0"\n'})
    assert (poetry.source, poetry.requirements) == (Source.PYPROJECT, ("flask>=3.0,<4",))
    pipfile = of({"Pipfile": '[packages]\nflask = "*"\n[dev-packages]\npytest = "*"\n'})
    assert (pipfile.source, pipfile.requirements) == (Source.PIPFILE, ("flask",))


def test_setup_cfg_is_understood() -> None:
    found = of({"setup.cfg": "[options]\ninstall_requires =\n    flask\n    pyyaml>=6\n"})
    assert (found.source, found.requirements) == (Source.SETUP_CFG, ("flask", "pyyaml>=6"))


def test_files_beside_the_app_count_where_the_tree_has_none() -> None:
    target = AppTarget("app", "app", ("backend", ""))
    assert of({"backend/requirements.txt": "flask\n"}, target).files == ("backend/requirements.txt",)


def test_imports_are_traced_and_the_report_says_so() -> None:
    text = "import flask, yaml\ntry:\n    import orjson\nexcept ImportError:\n    orjson = None\n"
    found = of({"app.py": text})
    assert found.requirements == ("flask", "PyYAML")
    assert "PyYAML (app.py:1)" in found.notes[0]
    assert "orjson" in found.notes[1]


def test_a_uv_lock_older_than_its_manifest_is_refused() -> None:
    texts = {"uv.lock": EVERY["uv.lock"], "pyproject.toml": '[project]\ndependencies = ["flask", "PyYAML>=6"]\n'}
    with pytest.raises(UsageError, match="pyyaml"):
        of(texts)


def test_a_manifest_that_is_no_toml_is_refused_with_its_line() -> None:
    with pytest.raises(UsageError, match=r"pyproject\.toml:2"):
        of({"pyproject.toml": "[project]\nname = = 1\n"})


def test_a_lock_that_is_no_json_is_refused_with_its_line() -> None:
    with pytest.raises(UsageError, match=r"Pipfile\.lock:1"):
        of({"Pipfile.lock": "{"})


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("requirements.txt", "flask\nUncork>=0.1\n"),
        ("requirements.txt", "flask==3.1.0\nuncork==0.1.0\n"),
        ("requirements.txt", "flask==3.1.0 --hash=sha256:aa\nuncork==0.1.0 --hash=sha256:bb\n"),
        ("pyproject.toml", '[project]\nname = "shop"\ndependencies = ["flask", "uncork @ file:///home/me/uncork"]\n'),
        ("pyproject.toml", '[tool.poetry.dependencies]\nflask = "*"\nuncork = "^0.1"\n'),
        ("Pipfile", '[packages]\nuncork = "*"\n'),
        ("setup.cfg", "[options]\ninstall_requires =\n  flask\n  uncork\n"),
    ],
)
def test_uncork_travels_in_the_release_and_so_is_left_out_of_the_lock(path: str, text: str) -> None:
    found = of({"app.py": "", path: text})
    assert found.brought == ("uncork",)
    assert found.notes[-1] == f"{path} asks for uncork, which each release brings itself: it is left out"


def test_uncork_in_an_included_file_is_left_out_too() -> None:
    assert of({"requirements.txt": "-r base.in\n", "base.in": "uncork\n"}).brought == ("uncork",)


def test_a_project_that_does_not_ask_for_uncork_hears_nothing_of_it() -> None:
    found = of({"requirements.txt": "flask\nuncork-plugin\n"})
    assert (found.brought, found.notes) == ((), ())
