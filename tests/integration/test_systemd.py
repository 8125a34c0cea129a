"""What systemctl says, and what it is asked: by one that stands in its place."""

from collections.abc import Callable
from pathlib import Path

import pytest

from uncork.errors import StepFailedError, UserError
from uncork.machine import systemd
from uncork.model import Program
from uncork.plan import Units

Say = Callable[[str], None]
SHOP = ("uncork-shop@3.socket", "uncork-shop@3.service")


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    """The file that a stand-in for systemctl writes its arguments to."""
    return tmp_path / "asked"


@pytest.fixture
def say(tmp_path: Path, asked: Path, monkeypatch: pytest.MonkeyPatch) -> Say:
    """Have a stand-in for systemctl do what a piece of shell does."""
    asked.touch()
    program = tmp_path / "bin" / "systemctl"
    program.parent.mkdir()

    def to(script: str) -> None:
        program.write_text(f'#!/bin/sh\necho "$@" >>{asked}\n{script}\n')
        program.chmod(0o755)

    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    to("")
    return to


def verbs(asked: Path) -> list[str]:
    return [line.removeprefix("--no-ask-password ").split()[0] for line in asked.read_text().splitlines()]


def test_units_are_told_by_the_names_of_their_instances_and_others_are_passed_over(say: Say) -> None:
    say("""cat <<END
Id=uncork-shop@3.service
ActiveState=active
SubState=running
MainPID=41
ExecMainStartTimestampMonotonic=1000000

Id=uncork-shop@3.2.service
ActiveState=activating
SubState=auto-restart
MainPID=0
ExecMainStartTimestampMonotonic=2000000

Id=uncork-agent.service
ActiveState=failed
SubState=failed
MainPID=0
ExecMainStartTimestampMonotonic=0

Id=uncork-renew.service
ActiveState=inactive
SubState=dead
MainPID=0
ExecMainStartTimestampMonotonic=0
END""")
    found = {program.name: program for program in systemd.programs()}
    assert set(found) == {"agent", "shop.3.1", "shop.3.2"}
    assert found["agent"].state == "FATAL"
    assert (found["shop.3.1"].state, found["shop.3.1"].pid) == ("RUNNING", 41)
    assert found["shop.3.1"].started > 0
    assert found["shop.3.2"] == Program("shop.3.2", "BACKOFF")


def test_a_systemd_that_is_not_there_is_told_with_what_to_do(say: Say) -> None:
    say("echo 'System has not been booted with systemd' >&2; exit 1")
    with pytest.raises(UserError, match="not been booted with systemd") as told:
        systemd.programs()
    assert "--home" in told.value.fix


def test_a_new_unit_is_started_without_reading_all_others_again(say: Say, asked: Path) -> None:
    say('[ "$2" = show ] && echo "LoadState=loaded\nNeedDaemonReload=no"; true')
    systemd.carry_out(Units("start", SHOP))
    assert verbs(asked) == ["show", "start"]


def test_a_unit_that_is_another_than_it_was_is_read_again_first(say: Say, asked: Path) -> None:
    say('[ "$2" = show ] && echo "LoadState=loaded\nNeedDaemonReload=yes"; true')
    systemd.carry_out(Units("restart", ("uncork-agent.service",)))
    assert verbs(asked) == ["show", "daemon-reload", "restart"]


def test_what_systemd_does_not_know_needs_no_stopping(say: Say, asked: Path) -> None:
    say("exit 5")
    systemd.carry_out(Units("stop", SHOP, "stop the server"))
    assert verbs(asked) == ["stop", "reset-failed"]


def test_a_stop_that_fails_says_why(say: Say) -> None:
    say("echo 'Access denied' >&2; exit 1")
    with pytest.raises(StepFailedError, match="systemctl stop failed") as failed:
        systemd.carry_out(Units("stop", SHOP, "stop the server"))
    assert failed.value.output == "Access denied"


def test_a_stop_that_takes_too_long_is_told(say: Say) -> None:
    say("exec sleep 60")
    with pytest.raises(StepFailedError, match=r"still run after 0\.2 s"):
        systemd.carry_out(Units("stop", SHOP, "stop the server", 0.2))


@pytest.mark.usefixtures("say")
def test_what_is_killed_is_stopped_first_so_that_nothing_starts_it_again(asked: Path) -> None:
    systemd.carry_out(Units("kill", SHOP))
    assert asked.read_text().splitlines()[:2] == [
        f"--no-ask-password stop --no-block {' '.join(SHOP)}",
        f"--no-ask-password kill --signal=KILL {' '.join(SHOP)}",
    ]
