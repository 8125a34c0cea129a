"""How packages come to a machine: in turn with whoever else installs some; what was there is not counted as new."""

import subprocess
import sys
import time
from pathlib import Path
from typing import cast

import pytest

from uncork.remote import hands
from uncork.remote.ssh import Answered, Connection

SIMULATED = """NOTE: This is only a simulation!
Inst libssl3 [3.0.2-0ubuntu1.10] (3.0.2-0ubuntu1.18 Ubuntu:22.04/jammy-updates [amd64])
Inst nginx-common (1.18.0-6ubuntu14.5 Ubuntu:22.04/jammy-updates [all])
Inst nginx (1.18.0-6ubuntu14.5 Ubuntu:22.04/jammy-updates [amd64])
Conf libssl3 (3.0.2-0ubuntu1.18 Ubuntu:22.04/jammy-updates [amd64])
"""
LOCK = "import fcntl, sys; fcntl.lockf(open(sys.argv[1], 'w'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
HOLD = f"{LOCK.replace('open', 'kept := open')}; print(flush=True); sys.stdin.read()"


class Asked:
    """A machine that says to each command what apt would."""

    host = "web1"

    def __init__(self) -> None:
        self.lines: list[tuple[str, ...]] = []

    def run(self, argv: tuple[str, ...], *, stdin: bytes = b"", timeout: float = 60.0) -> Answered:
        self.lines.append(argv)
        assert (stdin, timeout) == (b"", 600.0)
        return Answered(0, SIMULATED if "--simulate" in argv else "", "")


def test_what_is_only_brought_up_to_date_is_not_taken_for_new() -> None:
    """Else a removal would purge it."""
    assert hands.packages(cast("Connection", Asked()), ("nginx",)) == ("nginx-common", "nginx")


def test_nobody_is_asked_anything_and_no_service_is_restarted() -> None:
    machine = Asked()
    hands.packages(cast("Connection", machine), ("nginx",))
    hands.install(cast("Connection", machine), ("nginx",))
    assert {line[:3] for line in machine.lines} == {hands.ALONE}


@pytest.fixture
def locks(tmp_path: Path) -> tuple[str, str]:
    for name in ("lists", "archives"):
        (tmp_path / name).touch()
    return str(tmp_path / "lists"), str(tmp_path / "archives")


@pytest.mark.parametrize("which", [0, 1])
def test_apt_gets_its_turn_once_others_have_ended(locks: tuple[str, str], which: int) -> None:
    lock = locks[which]
    with subprocess.Popen((sys.executable, "-c", HOLD, lock), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdin
        assert other.stdout
        other.stdout.readline()
        mine = subprocess.Popen(hands.in_turn((sys.executable, "-c", LOCK, lock), locks), stderr=subprocess.DEVNULL)
        time.sleep(1.5)  # it has failed more than once
        assert mine.poll() is None
        other.stdin.close()
        assert mine.wait(10) == 0


def test_what_fails_by_itself_is_tried_once_more_and_says_how_it_ended(locks: tuple[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        hands.in_turn(("sh", "-c", 'echo once >> "$0"; exit 100', str(tmp_path / "tries")), locks), check=False
    )
    assert (done.returncode, (tmp_path / "tries").read_text()) == (100, "once\nonce\n")
