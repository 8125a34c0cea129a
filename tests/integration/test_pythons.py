"""The Pythons of this machine, as they are found."""

import sys

import pytest

from uncork.machine.pythons import interpreters
from uncork.machine.tools import uv


@pytest.mark.parametrize("pyenv", ["/nowhere", "/dev/null", f"/{'long' * 100}"])
def test_a_pyenv_that_can_not_be_looked_into_hides_no_other_python(monkeypatch: pytest.MonkeyPatch, pyenv: str) -> None:
    monkeypatch.setenv("PYENV_ROOT", pyenv)
    assert interpreters(uv())[0].version.startswith(f"{sys.version_info.major}.{sys.version_info.minor}.")
