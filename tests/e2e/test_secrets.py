"""A canary set with `config set` is looked for everywhere it must not be."""

import os
import stat
import threading
import time
from pathlib import Path
from typing import Final, final

import psutil
import pytest

from tests.e2e.state import Uncork, copied, rewrite

BY_STDIN: Final = "canary-by-stdin-7c1d4e"
BY_WORDS: Final = "canary-by-words-9a2b3f"
CANARIES: Final = (BY_STDIN, BY_WORDS)


@final
class Watch(threading.Thread):
    """Reads the command line of every process, again and again, while a `with` block runs."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.found: set[str] = set()
        self._done = threading.Event()

    def run(self) -> None:
        while not self._done.is_set():
            for entry in Path("/proc").iterdir():
                if entry.name.isdecimal():
                    self._look(entry / "cmdline")
            time.sleep(0.02)

    def _look(self, cmdline: Path) -> None:
        try:
            argv = cmdline.read_bytes().decode(errors="replace")
        except OSError:
            return
        if any(canary in argv for canary in CANARIES) and "config\0set" not in argv:
            self.found.add(argv.replace("\0", " "))

    def __enter__(self) -> "Watch":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self.join()


@pytest.fixture(scope="module")
def said(shared: Uncork) -> str:
    """All that was printed in a life with secrets: good deploys and bad ones, reports, errors."""
    project = copied("hello", shared.root / "secret")
    texts = []

    def told(*args: str, stdin: str = "") -> None:
        texts.append(shared.run(*args, stdin=stdin).said)

    with Watch() as watch:
        told("config", "set", "CANARY", stdin=BY_STDIN)
        told("config", "set", f"CANARY_TWO={BY_WORDS}", "--restart")
        told("up", str(project), "--json")
        assert shared.get("/variable/CANARY").text == BY_STDIN
        assert shared.get("/variable/CANARY_TWO").text == BY_WORDS
        assert shared.get("/boom").status == 500
        rewrite(project / "app.py", '"one"', '"two"')
        told("plan", str(project))
        told("plan", str(project), "--json")
        told("up", str(project))
        app = (project / "app.py").read_text()
        (project / "app.py").write_text(f"{app}\nraise ValueError('broken on purpose')\n")
        told("up", str(project))
        told("up", str(project), "--json")
        for verb in ("status", "releases", "logs", "version"):
            told(verb)
            told(verb, "--json")
        told("config", "list")
        told("config", "list", "--json")
        told("rollback")
        told("restart", "--json")
    assert not watch.found
    return "\n".join(texts)


def test_no_command_but_get_prints_a_secret(said: str, shared: Uncork) -> None:
    assert "broken on purpose" in said
    assert "CANARY_TWO" in said
    for canary in CANARIES:
        assert canary not in said
    assert shared.run("config", "get", "CANARY").ok().out.strip() == BY_STDIN


@pytest.mark.usefixtures("said")
def test_a_secret_is_in_no_file_but_its_own(shared: Uncork) -> None:
    files = shared.files()
    holders = {path for path, content in files.items() for canary in CANARIES if canary.encode() in content}
    assert holders == {"apps/hello/shared/.env"}


@pytest.mark.usefixtures("said")
def test_a_secret_is_in_no_command_line_and_in_the_environment_of_the_app_alone(shared: Uncork) -> None:
    for pid, argv in shared.processes().items():
        environ = Path(f"/proc/{pid}/environ").read_bytes()
        for canary in CANARIES:
            assert canary not in argv
            assert canary.encode() not in environ, "a start-up environment is inherited by every child"


@pytest.mark.usefixtures("said")
def test_the_file_of_secrets_is_for_the_account_that_serves_alone(shared: Uncork) -> None:
    secrets = shared.home / "apps" / "hello" / "shared" / ".env"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    if os.getuid() == 0:
        assert secrets.stat().st_uid != 0


def test_sockets_are_for_the_account_that_serves_alone(shared: Uncork) -> None:
    for path in (shared.home / "run").rglob("*"):
        mode = stat.S_IMODE(path.lstat().st_mode)
        if path.is_socket() and not path.is_symlink():
            assert not mode & 0o007, f"{path} {mode:o}"
    folder = shared.home / "run" / "hello"
    assert stat.S_IMODE(folder.stat().st_mode) & 0o007 <= 0o001


def test_code_and_config_can_not_be_changed_by_the_account_that_serves(shared: Uncork) -> None:
    if os.getuid() != 0:
        pytest.skip("only root serves as another account")
    live = (shared.home / "apps" / "hello" / "live").resolve()
    for path in [*live.rglob("*"), *(shared.home / "front").rglob("*"), *(shared.home / "supervisor").rglob("*")]:
        if not path.is_symlink():
            assert path.stat().st_uid == 0, path
            assert not stat.S_IMODE(path.stat().st_mode) & 0o022, path


def test_what_serves_is_not_root(shared: Uncork) -> None:
    if os.getuid() != 0:
        pytest.skip("only root serves as another account")
    ids = shared.get("/about").json()["ids"]
    assert isinstance(ids, list)
    assert 0 not in ids
    for pid, argv in shared.processes().items():
        process = psutil.Process(pid)
        if "uwsgi" in argv or "nginx: worker" in argv:
            assert 0 not in process.uids(), argv
            assert 0 not in process.gids(), argv
