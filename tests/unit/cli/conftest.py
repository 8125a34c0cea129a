"""The command line with fake workflows, as a fixture."""

from pathlib import Path

import pytest

from tests.unit.cli.fakes import Uncork


@pytest.fixture
def uncork(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Uncork:
    monkeypatch.setenv("UNCORK_HOME", str(tmp_path))
    monkeypatch.delenv("FLASK_APP", raising=False)
    monkeypatch.delenv("UNCORK_DEBUG", raising=False)
    return Uncork(tmp_path, monkeypatch, capsys)
