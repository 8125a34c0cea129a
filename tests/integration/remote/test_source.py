import subprocess
from pathlib import Path

import pytest

from uncork.errors import UsageError
from uncork.remote.source import source
from uncork.workflows.up import UpOptions

APP = "from flask import Flask\n\napp = Flask(__name__)\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    root.mkdir()
    (root / "app.py").write_text(APP)
    (root / "requirements.txt").write_text("flask\n")
    (root / ".gitignore").write_text("*.key\n.env\n")
    (root / ".env").write_text("FLASK_APP=app:app\nPASSWORD=correct horse\n")
    git(root, "init")
    git(root, "add", ".")
    git(root, "commit", "-m", "a shop")
    return root


def git(root: Path, *words: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(("git", *identity, *words), cwd=root, check=True, capture_output=True)


def test_what_is_committed_goes_and_no_secret_does(project: Path) -> None:
    order = source(project, UpOptions()).order(("web1",))
    assert [name for name, *_ in order.files] == [".gitignore", "app.py", "requirements.txt"]
    assert (order.app, order.folder, order.names, order.environ) == (
        "shop",
        "shop",
        ("web1",),
        {"FLASK_APP": "app:app"},
    )
    assert "horse" not in repr(order)


def test_what_is_modified_goes_only_if_that_is_meant(project: Path) -> None:
    (project / "app.py").write_text(f"{APP}# new\n")
    with pytest.raises(UsageError, match=r"not as it was committed: app\.py") as refused:
        source(project, UpOptions())
    assert "--dirty" in refused.value.fix
    (project / "new.py").write_text("")
    assert "new.py" in [item.name for item in source(project, UpOptions(), dirty=True).files]


def test_what_git_does_not_know_stays_and_is_named(project: Path) -> None:
    (project / "new.py").write_text("")
    sent = source(project, UpOptions())
    assert "new.py" not in [item.name for item in sent.files]
    assert any("git does not know new.py" in note for note in sent.notes)


def test_a_key_that_git_ignores_goes_beside_the_project_and_is_no_part_of_it(project: Path) -> None:
    (project / "uncork.toml").write_text('[tls]\ncert = "site.pem"\nkey = "site.key"\n')
    (project / "site.pem").write_text("a certificate")
    (project / "site.key").write_text("a key")
    git(project, "add", ".")
    git(project, "commit", "-m", "https")
    order = source(project, UpOptions()).order(("web1",))
    assert "site.key" in [name for name, *_ in order.files]
    assert order.beside == ("site.key",)
    assert order.options.sent
    assert "site.key" not in order.options.sent.names
