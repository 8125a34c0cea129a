"""Commands really run: as whom they should, no longer than they may, and not after whoever started them."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from uncork.errors import StepFailedError
from uncork.machine import commands, processes
from uncork.plan import Run

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")


def shell(script: str, timeout: float = 20.0) -> Run:
    return Run(("sh", "-c", script), "try it", timeout)


def ended(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while processes.alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not processes.alive(pid)


def test_the_output_is_returned_and_nothing_can_be_read() -> None:
    assert commands.run(shell("cat; echo out; echo err >&2"), None) == "out\n"


def test_a_failure_tells_the_status_and_what_was_printed() -> None:
    with pytest.raises(StepFailedError) as raised:
        commands.run(shell("echo out; echo cause >&2; exit 3"), None)
    assert (raised.value.why, raised.value.reason, raised.value.output) == ("try it", "sh: exit status 3", "cause")


def test_a_failure_without_errors_tells_the_output() -> None:
    with pytest.raises(StepFailedError) as raised:
        commands.run(shell("echo out; kill -9 $$"), None)
    assert (raised.value.reason, raised.value.output) == ("sh: killed by SIGKILL", "out")


def test_a_failure_of_a_command_that_printed_nothing_tells_what_it_wrote_to_its_log(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text("long ago\n")
    with pytest.raises(StepFailedError) as raised:
        commands.run(replace(shell(f"echo the cause >> {log}; exit 1"), log=log), None)
    assert raised.value.output == "the cause\n"


def test_of_endless_output_only_the_end_is_kept() -> None:
    output = commands.run(shell("head -c 9000000 /dev/zero | tr '\\0' x; echo the end"), None)
    assert len(output) == commands.KEPT
    assert output.endswith("xthe end\n")


def test_a_command_that_does_not_end_is_killed_with_its_children(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(StepFailedError) as raised:
        commands.run(shell(f"sleep 60 & echo $! > {tmp_path}/pid; echo working; wait", 0.3), None)
    assert time.monotonic() - began < 2
    assert (raised.value.reason, raised.value.output) == ("sh did not end in 0.3 s", "working")
    assert ended(int((tmp_path / "pid").read_text()))


def test_a_daemon_that_keeps_the_pipes_open_does_not_keep_us() -> None:
    began = time.monotonic()
    output = commands.run(shell("sleep 7 & echo $!"), None)
    assert time.monotonic() - began < 2
    assert processes.alive(int(output))
    os.kill(int(output), signal.SIGKILL)


def test_what_can_not_be_started_is_named(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    for argv, folder, reason in (
        (("no-such-program",), None, "the command no-such-program was not found"),
        ((str(tmp_path / "plain"),), None, f"the command {tmp_path}/plain can't be run: Permission denied"),
        (("true",), tmp_path / "none", f"the folder {tmp_path}/none can't be entered: No such file or directory"),
    ):
        with pytest.raises(StepFailedError) as raised:
            commands.run(Run(argv, "try it", directory=folder), None)
        assert raised.value.reason == reason


def test_what_serves_sees_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_SECRET", "canary")
    env = (("UNCORK_APP", "shop"),)
    seen = commands.run(Run(("env",), "look", directory=tmp_path, env=env, serving=True), processes.account())
    assert "canary" not in seen
    assert "UNCORK_APP=shop" in seen.splitlines()
    ours = commands.run(Run(("env",), "look", env=env), None)
    assert {"AWS_SECRET=canary", "UNCORK_APP=shop"} <= set(ours.splitlines())


@root_only
def test_what_serves_is_the_account_with_no_group_of_root_s() -> None:
    account = processes.account()
    assert account
    seen = commands.run(
        Run(("sh", "-c", "id -u; id -G; echo $HOME; pwd"), "look", directory=Path("/"), serving=True), account
    )
    assert seen.splitlines() == [str(account.uid), str(account.gid), "/", "/"]


UNCORK = """
import sys
from uncork.machine import commands, processes
from uncork.plan import Run
script = "echo $$ > " + sys.argv[1] + "; exec sleep 60"
commands.run(Run(("sh", "-c", script), "install", serving=True), processes.account())
"""


@pytest.fixture
def everybody_s() -> Iterator[Path]:
    """A folder that the account which serves may write to; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory(prefix="unc-", dir="/tmp") as folder:
        path = Path(folder)
        path.chmod(0o777)
        yield path


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_a_command_does_not_outlive_an_uncork_that_was_killed(everybody_s: Path) -> None:
    told = everybody_s / "pid"
    with subprocess.Popen((sys.executable, "-c", UNCORK, str(told))) as uncork:
        deadline = time.monotonic() + 10
        while not told.exists() or not told.read_text():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        pid = int(told.read_text())
        assert processes.alive(pid)
        uncork.kill()
    assert ended(pid)
