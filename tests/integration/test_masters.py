import os
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.state import free_port
from uncork.errors import StepFailedError
from uncork.machine import masters, tools
from uncork.model import Account
from uncork.plan import Reload


def write_config(folder: Path, port: int, answer: str) -> None:
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/nginx.pid; error_log stderr; events {{}}\n"
        f"http {{ access_log off; server {{ listen 127.0.0.1:{port}; return 200 {answer}; }} }}\n"
    )


def ask(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as response:
        return str(response.read(), "ascii")


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """Run an nginx that answers `one` to everything, until the test ends."""
    number = free_port()
    write_config(tmp_path, number, "one")
    nginx = subprocess.Popen((tools.nginx(), "-p", str(tmp_path), "-c", "nginx.conf"), stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 10
    while not (tmp_path / "nginx.pid").exists() or not (tmp_path / "nginx.pid").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    yield number
    nginx.terminate()
    nginx.wait(10)


def test_after_a_reload_no_connection_meets_the_old_config(tmp_path: Path, port: int) -> None:
    for answer in ("two", "three", "four"):
        write_config(tmp_path, port, answer)
        masters.reload(Reload(tmp_path / "nginx.pid", 10.0, "reload the front"), None)
        assert {ask(port) for _ in range(50)} == {answer}


def test_a_config_that_nginx_does_not_take_is_told(tmp_path: Path, port: int) -> None:
    (tmp_path / "nginx.conf").write_text("nonsense;")
    with pytest.raises(StepFailedError, match="did not take its new config"):
        masters.reload(Reload(tmp_path / "nginx.pid", 0.5, "reload the front"), None)
    assert ask(port) == "one"


def test_a_process_that_is_not_the_account_s_is_not_signalled(tmp_path: Path) -> None:
    somebody = Account("somebody", "somebody", os.getuid() + 1, os.getgid())
    with subprocess.Popen(("sleep", "10")) as ours:
        (tmp_path / "nginx.pid").write_text(str(ours.pid))
        with pytest.raises(StepFailedError, match="which is not the front"):
            masters.reload(Reload(tmp_path / "nginx.pid", 0.5, "reload the front"), somebody)
        assert ours.poll() is None
        ours.kill()


@pytest.mark.parametrize("content", ["a link", "a pipe", "nonsense"])
def test_a_pid_file_that_is_none_is_told_and_not_waited_for(tmp_path: Path, content: str) -> None:
    pid_file = tmp_path / "nginx.pid"
    if content == "a pipe":
        os.mkfifo(pid_file)
    elif content == "a link":
        (tmp_path / "other").write_text(str(os.getpid()))
        pid_file.symlink_to("other")
    else:
        pid_file.write_text(content)
    with pytest.raises(StepFailedError, match="the front is not there"):
        masters.reload(Reload(pid_file, 0.5, "reload the front"), None)


def test_a_front_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StepFailedError, match="the front is not there"):
        masters.reload(Reload(tmp_path / "nginx.pid", 0.5, "reload the front"), None)
