"""Locks, made by the real uv from the real index."""

import subprocess
from pathlib import Path

import pytest

from uncork.errors import UserError
from uncork.machine import tools
from uncork.workflows.lock import lock

pytestmark = pytest.mark.slow
APP = "from flask import Flask\napp = Flask(__name__)\n"


def project(root: Path, **files: str) -> Path:
    for name, text in ({"app.py": APP} | files).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def uv(root: Path, *words: str) -> None:
    subprocess.run((tools.uv(), *words), cwd=root, check=True, capture_output=True)


def test_a_project_without_a_list_is_locked_by_its_imports_alone(tmp_path: Path) -> None:
    report = lock(project(tmp_path / "p"), tmp_path / "requirements.txt", environ={})
    assert {"flask", "werkzeug"} <= set(report.versions)
    assert "pytest" not in report.versions
    assert (tmp_path / "requirements.txt").read_text() == report.text
    assert report.text.count("--hash=sha256:") > len(report.versions)


def test_the_lock_of_a_lock_is_the_same(tmp_path: Path) -> None:
    first = lock(project(tmp_path), tmp_path / "requirements.txt", environ={})
    second = lock(tmp_path, environ={})
    assert second.source == "requirements.txt (pinned)"
    assert second.versions == first.versions


def test_a_uv_lock_is_exported_without_the_project_and_its_tools(tmp_path: Path) -> None:
    text = (
        '[project]\nname = "me"\nversion = "1"\nrequires-python = ">=3.10"\ndependencies = ["itsdangerous", "ours"]\n'
    )
    text += '[dependency-groups]\ndev = ["colorama"]\n[tool.uv.sources]\nours = {path = "libs/ours", editable = true}\n'
    ours = '[project]\nname = "ours"\nversion = "1"\n[build-system]\nrequires = ["hatchling"]\n'
    ours += 'build-backend = "hatchling.build"\n'
    files = {"pyproject.toml": text, "libs/ours/pyproject.toml": ours, "libs/ours/ours/__init__.py": ""}
    uv(project(tmp_path, **files), "lock")
    report = lock(tmp_path, environ={})
    assert set(report.versions) == {"itsdangerous"}
    assert "\n./libs/ours\n" in report.text


def test_a_frozen_list_is_understood_and_what_can_go_is_named(tmp_path: Path) -> None:
    frozen = "Flask==3.1.0\nWerkzeug==3.1.3\ncolorama==0.4.6\npkg-resources==0.0.0\npsycopg2-binary==2.9.10\n"
    report = lock(project(tmp_path, **{"requirements.txt": frozen}), environ={})
    assert report.versions["werkzeug"] == "3.1.3"
    assert report.removable == ("colorama",)


def test_an_environments_versions_are_kept_and_what_it_holds_beyond_is_named(tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    uv(tmp_path, "venv", str(venv))
    uv(tmp_path, "pip", "install", "--python", str(venv), "flask==3.0.3", "colorama==0.4.6")
    report = lock(project(tmp_path / "p", **{"requirements.in": "flask\n"}), None, venv, {})
    assert report.versions["flask"] == "3.0.3"
    assert report.unused == ("colorama==0.4.6",)


def test_a_requirement_that_does_not_exist_is_told_in_uvs_own_words(tmp_path: Path) -> None:
    with pytest.raises(UserError) as refused:
        lock(project(tmp_path, **{"requirements.txt": "flask==99.0\n"}), environ={})
    assert "flask==99.0" in refused.value.detail
    assert "lock its dependencies" in refused.value.problem


def test_the_project_itself_and_a_list_without_an_app_can_be_locked(tmp_path: Path) -> None:
    files = {
        "app.py": "x = 1\n",
        "requirements.txt": "-e .\nclick\n",
        "pyproject.toml": '[project]\nname = "me"\nversion = "1"\ndependencies = ["itsdangerous"]\n',
    }
    report = lock(project(tmp_path, **files), environ={})
    assert set(report.versions) == {"click", "itsdangerous"}
    assert "-e" not in report.text.split()


def test_locks_of_poetrys_and_pipenvs_are_what_uv_can_read(tmp_path: Path) -> None:
    text = (
        '[[package]]\nname = "colorama"\nversion = "0.4.6"\ngroups = ["main"]\nmarkers = "sys_platform == \'win32\'"\n'
    )
    text += (
        'files = [{file = "c.whl", hash = "sha256:4f1d9991f5acc0ca119f9d443620b77f9d6b33703e51011c16baf57afb285fc6"}]\n'
    )
    report = lock(project(tmp_path / "p", **{"poetry.lock": text}), tmp_path / "requirements.txt", environ={})
    uv(tmp_path, "pip", "compile", "requirements.txt", "--output-file", "read.txt")
    assert report.versions == {"colorama": "0.4.6"}
