"""Packages for a machine that reaches no index: got here for its own Python, and sent once."""

from pathlib import Path

import pytest

from tests.integration.remote.here import here
from uncork.config import load
from uncork.errors import UsageError
from uncork.machine import trees
from uncork.model import Locked
from uncork.project.detect import detect
from uncork.recipes.environment import COMPLETE
from uncork.remote.wheels import send_wheels
from uncork.report import Silent
from uncork.workflows.environment import digest_of
from uncork.workflows.up import Found

pytestmark = pytest.mark.slow
PINNED = "itsdangerous==2.2.0\n"
SERVER = "waitress-3.0.2-py3-none-any.whl"
APP = "import itsdangerous\n\ndef app(environ, start_response):\n    return []\n"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def project(root: Path, requirements: str, python: str = ">=3.9") -> Found:
    root.mkdir(exist_ok=True)
    (root / "pyproject.toml").write_text(
        f'[project]\nname = "shop"\nversion = "1"\nrequires-python = "{python}"\n[tool.uncork]\nserver = "waitress"\n'
    )
    (root / "requirements.txt").write_text(requirements)
    (root / "app.py").write_text(APP)
    tree = trees.read(root)
    config = load(tree.texts, "production", "shop")
    return Found(tree, config, detect(tree.texts, config, {}))


def send(home: Path, found: Found) -> Locked:
    return send_wheels(here(str(home)), found, Silent())


def names(home: Path) -> set[str]:
    return {path.name for path in (home / "wheels").glob("*")}


def test_what_the_project_and_its_server_need_is_sent_as_wheels_and_locked_with_their_hashes(tmp_path: Path) -> None:
    locked = send(tmp_path / "home", project(tmp_path / "shop", PINNED))
    assert names(tmp_path / "home") == {"itsdangerous-2.2.0-py3-none-any.whl", SERVER}
    assert (tmp_path / "home" / "wheels").stat().st_mode & 0o777 == 0o700
    assert "itsdangerous==2.2.0" in locked.project
    assert "waitress==3.0.2" in locked.server
    assert "--hash=sha256:" in locked.server


def test_the_machine_gets_nothing_where_it_has_the_environment_already(tmp_path: Path) -> None:
    home, found = tmp_path / "home", project(tmp_path / "shop", PINNED)
    locked = send(tmp_path / "other", found)
    venvs = home / "apps" / "shop" / "venvs"
    made = venvs / digest_of(locked, found.tree, venvs)[:16]
    made.mkdir(parents=True)
    (made / COMPLETE).write_text("")
    assert send(home, found) == locked
    assert names(home) == set()


def test_a_python_that_the_project_can_not_run_on_is_told_before_anything_is_locked_or_sent(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"here: no Python here is >=3.99; there is 3\."):
        send(tmp_path / "home", project(tmp_path / "shop", PINNED, python=">=3.99"))
    assert names(tmp_path / "home") == set()
    assert not list((tmp_path / "cache").glob("**/*.txt"))


def test_what_has_no_wheel_is_told_and_nothing_is_sent(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"can be sent to here: docopt 0.6.2 \(there is no wheel of it that fits\)"):
        send(tmp_path / "home", project(tmp_path / "shop", "docopt==0.6.2\n"))
    assert names(tmp_path / "home") == set()
