"""What the agent remembers over a restart."""

import errno
import os
from pathlib import Path

import pytest

from uncork.agent.memory import EVERY, Memory
from uncork.notices import Trouble
from uncork.records import Birth, decode_agent

FULL = Trouble("shop", "logs can't be rotated: No space left on device", "2026-11-22T12:00:00Z")


class Clock:
    now = 1_795_348_800.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.json"


def test_what_was_kept_is_known_after_a_restart(path: Path) -> None:
    memory = Memory(path, Clock())
    memory.births["shop/app.log"] = Birth(7, 1.5)
    memory.keep((FULL,))
    assert Memory(path, Clock()).births == {"shop/app.log": Birth(7, 1.5)}
    record = decode_agent(path.read_text())
    assert (record.pid, record.time, record.troubles) == (os.getpid(), "2026-11-22T12:00:00Z", (FULL,))


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": "x"}', "\0" * 100])
def test_what_can_not_be_read_is_forgotten(path: Path, content: str) -> None:
    path.write_text(content)
    assert Memory(path, Clock()).births == {}


def test_it_is_written_when_it_changes_and_else_now_and_then(path: Path) -> None:
    clock = Clock()
    memory = Memory(path, clock)
    memory.keep(())
    path.unlink()
    memory.keep(())
    assert not path.exists()
    memory.keep((FULL,))
    assert path.exists()
    path.unlink()
    clock.now += EVERY
    memory.keep((FULL,))
    assert decode_agent(path.read_text()).time == "2026-11-22T12:00:10Z"


def test_on_a_full_disk_the_trouble_is_said_in_the_room_that_the_file_has(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = Memory(path, Clock())
    memory.births.update({f"shop/{number}.log": Birth(number, 1.5) for number in range(9)})
    memory.keep(())
    memory.births.clear()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("uncork.agent.memory._replace", full)
    memory.keep((FULL,))
    assert decode_agent(path.read_text()).troubles == (FULL,)
    assert Memory(path, Clock()).births == {}
