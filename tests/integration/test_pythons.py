"""The Pythons of this machine, as they are found."""

import subprocess
import sys
from pathlib import Path

import pytest

from uncork.machine.pythons import interpreters
from uncork.machine.tools import uv


@pytest.mark.parametrize("pyenv", ["/nowhere", "/dev/null", f"/{'long' * 100}"])
def test_a_pyenv_that_can_not_be_looked_into_hides_no_other_python(monkeypatch: pytest.MonkeyPatch, pyenv: str) -> None:
    monkeypatch.setenv("PYENV_ROOT", pyenv)
    assert next(interpreters(uv())).version.startswith(f"{sys.version_info.major}.{sys.version_info.minor}.")


def test_who_takes_the_first_python_has_started_no_other_and_not_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[object] = []
    monkeypatch.setattr(subprocess, "run", lambda argv, **_: started.append(argv))
    next(interpreters("/no/such/uv"))
    assert started == []


def test_a_python_that_can_not_be_run_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "python3.99"
    broken.write_bytes(b"\x7fELF")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert str(broken) not in {each.path for each in interpreters(uv())}
