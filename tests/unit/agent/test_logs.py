"""When a log is rotated, when it is compressed, and what becomes of it when that can't be."""

import errno
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from tests.unit.recipes.parts import release
from uncork.agent.apps import Live
from uncork.agent.logs import Logs
from uncork.agent.memory import Memory
from uncork.agent.troubles import Troubles
from uncork.layout import Layout
from uncork.machine import rotation, writers
from uncork.model import Instance
from uncork.notices import Logging

NOON = 1_795_348_800.0


class House:
    """An app whose logs are looked after, a second at a time."""

    def __init__(self, home: Path, rules: Logging) -> None:
        layout = Layout(home, home / "run")
        self.app = layout.app("shop")
        self.app.logs.mkdir(parents=True)
        self.live = Live(self.app, replace(release(), logging=rules), Instance("shop", 1))
        self.now = NOON
        self.troubles = Troubles(logging.getLogger("test"), lambda: self.now)
        self.memory = Memory(home / "state.json", lambda: self.now)
        self.logs = Logs(layout, self.memory, self.troubles, Event())

    def pass_by(self, seconds: int = 1) -> None:
        for _ in range(seconds):
            self.now += 1
            self.logs.rotate(self.live, self.now)
            self.logs.finish(self.live, self.now)
            self.logs.wait(5)
            self.logs.collect(self.now)

    def old(self, log: Path) -> list[str]:
        return [path.name for path in rotation.rotated(log)]


@pytest.fixture
def house(tmp_path: Path) -> Callable[..., House]:
    return lambda **rules: House(tmp_path, Logging(**rules))


def test_a_log_past_its_size_is_rotated_and_then_compressed(house: Callable[..., House]) -> None:
    here = house(rotate_size=10)
    here.app.access_log.write_text("123456789")
    here.pass_by()
    assert here.old(here.app.access_log) == []
    here.app.access_log.write_text("1234567890")
    here.pass_by()
    assert here.old(here.app.access_log) == ["access.log-20261122-120002"]
    here.pass_by(2)
    assert here.old(here.app.access_log) == ["access.log-20261122-120002.gz"]
    assert here.app.access_log.read_text() == ""


def test_a_log_past_its_age_is_rotated_but_never_an_empty_one(house: Callable[..., House]) -> None:
    here = house(rotate_age=60)
    here.app.app_log.write_text("first")
    here.app.server_log.write_text("")
    here.pass_by(60)
    assert here.old(here.app.app_log) == []
    here.pass_by(2)
    assert len(here.old(here.app.app_log)) == 1
    here.pass_by(120)
    assert (len(here.old(here.app.app_log)), here.old(here.app.server_log)) == (1, [])


def test_a_log_s_age_outlives_the_agent(house: Callable[..., House], tmp_path: Path) -> None:
    here = house(rotate_age=60)
    here.app.app_log.write_text("first")
    here.pass_by(40)
    here.memory.keep(())
    (tmp_path / "again").mkdir()
    again = House(tmp_path / "again", Logging(rotate_age=60))
    again.memory.births = Memory(tmp_path / "state.json", lambda: NOON).births
    again.live, again.app, again.now = here.live, here.app, here.now
    again.pass_by(22)
    assert len(again.old(here.app.app_log)) == 1


def test_without_compression_the_old_ones_stay_as_they_are(house: Callable[..., House]) -> None:
    here = house(rotate_size=1, compress=False)
    here.app.app_log.write_text("1")
    here.pass_by(5)
    assert here.old(here.app.app_log) == ["app.log-20261122-120001"]


def test_only_so_many_are_kept(house: Callable[..., House]) -> None:
    here = house(rotate_size=1, keep=2)
    for _ in range(5):
        here.app.app_log.write_text("1")
        here.pass_by(3)
    assert len(here.old(here.app.app_log)) == 2


def test_one_that_somebody_writes_to_is_left_as_it_is_and_looked_at_later_and_later(
    house: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = house(rotate_size=1)
    looks: list[float] = []

    def held(paths: object) -> frozenset[Path]:
        looks.append(here.now)
        return frozenset(paths)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr(writers, "written", held)
    here.app.server_log.write_text("1")
    here.pass_by(100)
    assert here.old(here.app.server_log) == ["server.log-20261122-120001"]
    assert [look - looks[0] for look in looks] == [0, 2, 6, 14, 30, 62]
    monkeypatch.setattr(writers, "written", lambda _paths: frozenset())
    here.pass_by(62)
    assert here.old(here.app.server_log) == ["server.log-20261122-120001.gz"]


def test_on_a_full_disk_the_log_stays_that_is_told_and_it_is_tried_again(
    house: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = house(rotate_size=1)
    here.app.app_log.write_text("1")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(rotation, "take", full)
        here.pass_by(30)
    assert [trouble.what for trouble in here.troubles.all] == ["logs can't be rotated: No space left on device"]
    here.pass_by(60)
    assert here.troubles.all == ()
    assert len(here.old(here.app.app_log)) == 1


def test_a_log_that_can_not_be_compressed_stays_and_that_is_told(
    house: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = house(rotate_size=1)
    here.app.app_log.write_text("1")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(rotation, "compress", full)
        here.pass_by(10)
    assert here.old(here.app.app_log) == ["app.log-20261122-120001"]
    assert [trouble.what for trouble in here.troubles.all] == ["logs can't be compressed: No space left on device"]
    here.pass_by(70)
    assert (here.old(here.app.app_log), here.troubles.all) == (["app.log-20261122-120001.gz"], ())


def test_logs_that_are_rotated_each_second_are_compressed_all_the_same(house: Callable[..., House]) -> None:
    here = house(rotate_size=1)
    for _ in range(5):
        here.app.app_log.write_text("1")
        here.pass_by()
    assert [name.endswith(".gz") for name in here.old(here.app.app_log)] == [True, True, True, True, False]
