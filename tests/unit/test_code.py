"""What tells an installed uncork from another, so that a new one brings its own agent."""

import os
from pathlib import Path

import pytest

import uncork
from uncork.machine import tools


def test_uncork_is_another_once_any_of_its_files_is_and_bytecode_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uncork, "__file__", str(tmp_path / "__init__.py"))
    (tmp_path / "alerts").mkdir()
    template = tmp_path / "alerts" / "mail.j2"
    template.write_text("one")
    first = tools.code()
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "x.pyc").write_text("")
    assert tools.code() == first
    os.utime(template, ns=(1, 1))
    second = tools.code()
    assert second != first
    template.write_text("three")
    os.utime(template, ns=(1, 1))
    assert tools.code() not in {first, second}
