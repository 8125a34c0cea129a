"""An access log counted as it grows, is rotated and compressed, and while others count it too."""

import gzip
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from uncork.app_layout import AppLayout
from uncork.layout import Layout
from uncork.reporting.days import KEPT, ROUTES, Days
from uncork.reporting.tally import OTHER
from uncork.reporting.traffic import Traffic

TODAY = date(2026, 11, 21)
ROTATED = "access.log-20261121-140000"


class Writer:
    """What nginx is to its log: it keeps the file open until it is told to open it again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.written = 0
        self.reopen()

    def reopen(self) -> None:
        self.descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def close(self) -> None:
        os.close(self.descriptor)

    def requests(self, count: int, **values: str) -> None:
        route = values.get("route", "/")
        day = values.get("day", "2026-11-21")
        line = f'{{"time":"{day}T14:00:00Z","status":200,"seconds":0.01,"method":"GET","route":"{route}","n":%d}}\n'
        os.write(self.descriptor, "".join(line % (self.written + i) for i in range(count)).encode())
        self.written += count

    def rotate(self, name: str = ROTATED, *, reopened: bool = True) -> Path:
        path = self.path.rename(self.path.with_name(name))
        if reopened:
            self.close()
            self.reopen()
        return path


@pytest.fixture
def shop(tmp_path: Path) -> AppLayout:
    layout = Layout(tmp_path, tmp_path / "run").app("shop")
    layout.logs.mkdir(parents=True)
    return layout


@pytest.fixture
def nginx(shop: AppLayout) -> Iterator[Writer]:
    writer = Writer(shop.access_log)
    yield writer
    writer.close()


@contextmanager
def days(layout: AppLayout) -> Iterator[Days]:
    found = Days(layout.traffic)
    yield found
    found.close()


def counted(layout: AppLayout, day: str = "2026-11-21") -> int:
    with days(layout) as found:
        return sum(tally.requests for tally in found.hours(day).values())


def compressed(path: Path) -> None:
    path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()


def test_each_line_is_counted_once_however_often_one_counts(shop: AppLayout, nginx: Writer) -> None:
    traffic = Traffic(shop)
    for count in (3, 0, 2):
        nginx.requests(count)
        assert traffic.count(TODAY)
        assert traffic.count(TODAY)

    assert counted(shop) == 5


def test_a_line_that_is_not_whole_yet_is_counted_once_it_is(shop: AppLayout, nginx: Writer) -> None:
    traffic = Traffic(shop)
    os.write(nginx.descriptor, b'{"time":"2026-11-21T14:00:00Z",')
    traffic.count(TODAY)
    os.write(nginx.descriptor, b'"status":200}\n')
    traffic.count(TODAY)

    assert counted(shop) == 1


def test_another_process_counts_on_from_where_one_ended(shop: AppLayout, nginx: Writer) -> None:
    nginx.requests(3)
    Traffic(shop).count(TODAY)
    nginx.requests(4)
    Traffic(shop).count(TODAY)

    assert counted(shop) == 7


def test_two_who_count_at_once_count_nothing_twice(shop: AppLayout, nginx: Writer) -> None:
    one, other = Traffic(shop), Traffic(shop)
    for _ in range(5):
        nginx.requests(2)
        one.count(TODAY)
        other.count(TODAY)

    assert counted(shop) == 10


@pytest.mark.parametrize("packed", [False, True])
def test_what_was_written_before_a_rotation_is_counted_too(shop: AppLayout, nginx: Writer, *, packed: bool) -> None:
    traffic = Traffic(shop)
    nginx.requests(3)
    traffic.count(TODAY)
    nginx.requests(4)
    rotated = nginx.rotate()
    if packed:
        compressed(rotated)
    nginx.requests(5)
    traffic.count(TODAY)

    assert counted(shop) == 12


def test_several_rotations_at_once_lose_nothing(shop: AppLayout, nginx: Writer) -> None:
    traffic = Traffic(shop)
    nginx.requests(1)
    traffic.count(TODAY)
    for number in ("", ".1", ".2", ".10"):
        nginx.requests(2)
        compressed(nginx.rotate(ROTATED + number))
    nginx.requests(3)
    nginx.rotate("access.log-20261121-150000")
    nginx.requests(4)
    traffic.count(TODAY)

    assert counted(shop) == 16


def test_a_rotated_log_that_is_damaged_keeps_no_other_from_being_counted(shop: AppLayout, nginx: Writer) -> None:
    traffic = Traffic(shop)
    nginx.requests(1)
    traffic.count(TODAY)
    nginx.requests(2)
    compressed(nginx.rotate())
    nginx.requests(2)
    damaged = nginx.rotate("access.log-20261121-150000")
    damaged.with_name(f"{damaged.name}.gz").write_bytes(gzip.compress(damaged.read_bytes())[:20])
    damaged.unlink()
    nginx.requests(4)
    traffic.count(TODAY)

    assert counted(shop) == 7


def test_logs_that_begin_alike_are_told_apart_while_they_are_there(shop: AppLayout, nginx: Writer) -> None:
    traffic = Traffic(shop)
    for name in (ROTATED, "access.log-20261121-150000"):
        nginx.written = 0
        nginx.requests(9)
        nginx.rotate(name)
        if name == ROTATED:
            traffic.count(TODAY)
    nginx.requests(9)
    traffic.count(TODAY)

    assert counted(shop) == 27


def test_a_rotated_log_that_is_still_written_to_is_read_to_its_end(shop: AppLayout, nginx: Writer) -> None:
    traffic = Traffic(shop)
    nginx.requests(1)
    nginx.rotate(reopened=False)
    shop.access_log.touch()
    traffic.count(TODAY)
    nginx.requests(2)
    nginx.close()
    nginx.reopen()
    nginx.requests(4)
    traffic.count(TODAY)

    assert counted(shop) == 7


def test_rotated_logs_that_were_deleted_are_not_missed(shop: AppLayout, nginx: Writer) -> None:
    traffic = Traffic(shop)
    nginx.requests(2)
    traffic.count(TODAY)
    nginx.rotate().unlink()
    nginx.requests(3)
    traffic.count(TODAY)

    assert counted(shop) == 5


def test_a_log_that_was_emptied_is_read_from_its_start(shop: AppLayout, nginx: Writer) -> None:
    traffic = Traffic(shop)
    nginx.requests(5)
    traffic.count(TODAY)
    os.truncate(shop.access_log, 0)
    nginx.requests(2)
    traffic.count(TODAY)

    assert counted(shop) == 7


def test_a_log_that_is_not_there_counts_nothing_and_makes_nothing(shop: AppLayout) -> None:
    assert Traffic(shop).count(TODAY)
    assert not shop.alerts.exists()


def test_a_write_that_fails_leaves_nothing_half_counted(shop: AppLayout, nginx: Writer) -> None:
    traffic = Traffic(shop)
    nginx.requests(3)
    with days(shop_made(shop)) as found:
        found._connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON position BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    with pytest.raises(sqlite3.IntegrityError):
        traffic.count(TODAY)
    assert counted(shop) == 0

    with days(shop) as found:
        found._connection.execute("DROP TRIGGER full")
    traffic.count(TODAY)
    assert counted(shop) == 3


def shop_made(shop: AppLayout) -> AppLayout:
    shop.alerts.mkdir()
    return shop


def test_a_broken_database_is_put_aside_and_made_again_from_the_logs(shop: AppLayout, nginx: Writer) -> None:
    shop_made(shop).traffic.write_bytes(b"no database, but long enough to be looked at as one" * 100)
    nginx.requests(3)
    Traffic(shop).count(TODAY)

    assert counted(shop) == 3
    assert shop.traffic.with_name("traffic.db.broken").exists()


def test_a_day_knows_so_many_routes_by_name_and_the_rest_together(shop: AppLayout, nginx: Writer) -> None:
    for number in range(ROUTES + 50):
        nginx.requests(1, route=f"/r{number}")
    Traffic(shop).count(TODAY)

    with days(shop) as found:
        routes = {route.name: route.tally.requests for route in found.routes("2026-11-21")}
    assert len(routes) <= ROUTES + 1
    assert routes[OTHER] == 50
    assert sum(routes.values()) == ROUTES + 50


def test_old_days_are_forgotten(shop: AppLayout, nginx: Writer) -> None:
    traffic = Traffic(shop)
    nginx.requests(2)
    traffic.count(TODAY)
    nginx.requests(1, day="2026-12-27")
    traffic.count(date.fromordinal(TODAY.toordinal() + KEPT + 1))

    assert counted(shop) == 0
    assert counted(shop, "2026-12-27") == 1
