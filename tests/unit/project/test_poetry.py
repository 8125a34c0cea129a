"""Poetry's and Pipenv's words in everybody's."""

import pytest

from uncork.project import pipfile
from uncork.project.pins import entries
from uncork.project.poetry import locked, specifier, stated


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        ("^1.2.3", ">=1.2.3,<2"),
        ("^0.2.3", ">=0.2.3,<0.3"),
        ("^0.0.3", ">=0.0.3,<0.0.4"),
        ("^0", ">=0,<1"),
        ("~1.2.3", ">=1.2.3,<1.3"),
        ("~1", ">=1,<2"),
        ("*", ""),
        ("1.2.*", "==1.2.*"),
        ("1.2", "==1.2"),
        (">=1.2,<2.0", ">=1.2,<2.0"),
        (">= 1.2 , !=1.5", ">=1.2,!=1.5"),
        ("^3.9 || ^4", None),
        ("", ""),
    ],
)
def test_a_constraint_is_a_specifier(constraint: str, expected: str | None) -> None:
    assert specifier(constraint) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("^3.0", ["a>=3.0,<4"]),
        ({"version": "^3.0", "extras": ["x", "y"]}, ["a[x,y]>=3.0,<4"]),
        ({"version": "*", "markers": "os_name == 'nt'"}, ["a ; os_name == 'nt'"]),
        ({"version": "1", "python": ">=3.8,<3.12"}, None),
        ({"git": "https://example.org/a.git", "branch": "main"}, ["a @ git+https://example.org/a.git@main"]),
        ({"path": "libs/a"}, ["./libs/a"]),
        ({"version": "*", "optional": True}, []),
        ([{"version": "1", "python": "<3.8"}, {"version": "2", "python": ">=3.8"}], None),
    ],
)
def test_a_dependency_is_a_requirement(value: object, expected: list[str] | None) -> None:
    found = list(stated("a", value))
    assert expected is None or found == expected
    assert expected is not None or all("python_full_version" in line for line in found)


LOCK_2 = """
[[package]]
name = "flask"
version = "3.1.0"
optional = false
groups = ["main"]
files = [{file = "flask.whl", hash = "sha256:aa"}, {file = "flask.tar.gz", hash = "sha256:bb"}]

[[package]]
name = "colorama"
version = "0.4.6"
groups = ["main", "dev"]
markers = {main = "sys_platform == 'win32'", dev = "os_name == 'nt'"}
files = [{file = "c.whl", hash = "sha256:cc"}]

[[package]]
name = "pytest"
version = "8.0.0"
groups = ["dev"]

[[package]]
name = "ours"
version = "1.0"
groups = ["main"]
[package.source]
type = "git"
url = "https://example.org/ours.git"
reference = "main"
resolved_reference = "0123456789abcdef0123456789abcdef01234567"

[[package]]
name = "inner"
version = "1.0"
groups = ["main"]
[package.source]
type = "legacy"
url = "https://pypi.example.org/simple"
reference = "ours"
"""


def test_poetrys_lock_is_its_main_group_with_hashes_and_markers() -> None:
    lock = "\n".join(locked({"poetry.lock": LOCK_2}, "poetry.lock"))
    found = {e.name: e for e in entries(lock) if e.name}
    assert set(found) == {"flask", "colorama", "ours", "inner"}
    assert (found["flask"].version, found["flask"].hashed) == ("3.1.0", True)
    assert found["colorama"].text == "colorama==0.4.6 ; sys_platform == 'win32'"
    assert found["ours"].version.endswith("@0123456789abcdef0123456789abcdef01234567")
    assert lock.splitlines()[0] == "--extra-index-url https://pypi.example.org/simple"


LOCK_1 = """
[[package]]
name = "Flask"
version = "2.3.0"
optional = false
files = [{file = "flask.whl", hash = "sha256:aa"}]
[package.dependencies]
Jinja2 = ">=3"
importlib-metadata = {version = ">=3.6", markers = "python_version < '3.10'"}
asgiref = {version = ">=3.2", optional = true, markers = "extra == 'async'"}
[package.extras]
async = ["asgiref (>=3.2)"]

[[package]]
name = "jinja2"
version = "3.1.0"
optional = false

[[package]]
name = "importlib-metadata"
version = "6.0"
optional = false
[package.dependencies]
zipp = ">=0.5"

[[package]]
name = "zipp"
version = "3.0"
optional = false

[[package]]
name = "asgiref"
version = "3.7"
optional = false

[[package]]
name = "pytest"
version = "7.0"
optional = false
[package.dependencies]
jinja2 = "*"
"""


@pytest.mark.parametrize(("wanted", "asgiref"), [('"^2"', False), ('{version = "^2", extras = ["async"]}', True)])
def test_an_older_lock_of_poetrys_is_followed_from_the_main_dependencies(wanted: str, *, asgiref: bool) -> None:
    texts = {
        "poetry.lock": LOCK_1,
        "pyproject.toml": f'[tool.poetry.dependencies]\npython = "^3.8"\nflask = {wanted}\n',
    }
    found = {e.name: e for e in entries("\n".join(locked(texts, "poetry.lock"))) if e.name}
    assert set(found) == {"flask", "jinja2", "importlib-metadata", "zipp"} | ({"asgiref"} if asgiref else set())
    assert found["zipp"].text == "zipp==3.0 ; (python_version < '3.10')"
    assert ";" not in found["jinja2"].text


def test_pipenvs_lock_is_its_default_packages_with_hashes_markers_and_indexes() -> None:
    text = """{"_meta": {"sources": [{"url": "https://pypi.org/simple"}, {"url": "https://inner.example.org/simple"}]},
    "default": {"flask": {"version": "==3.1.0", "hashes": ["sha256:aa"], "markers": "python_version >= '3.9'"},
                "ours": {"git": "https://example.org/ours.git", "ref": "abc"}, "me": {"path": ".", "editable": true}},
    "develop": {"pytest": {"version": "==8.0"}}}"""
    assert pipfile.locked({"Pipfile.lock": text}, "Pipfile.lock") == (
        "--extra-index-url https://inner.example.org/simple",
        "flask==3.1.0 ; python_version >= '3.9' \\\n    --hash=sha256:aa",
        "ours @ git+https://example.org/ours.git@abc",
    )
