"""When the report of a day is due."""

from datetime import date, datetime

import pytest

from uncork.reporting.due import due

YESTERDAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("at", "now", "day"),
    [
        ("07:00", "2026-11-22T06:59:59", None),
        ("07:00", "2026-11-22T07:00:30", YESTERDAY),
        ("07:00", "2026-11-22T23:59:59", YESTERDAY),
        ("00:00", "2026-11-22T00:00:30", YESTERDAY),
        ("23:59", "2026-11-22T23:59:30", YESTERDAY),
        ("", "2026-11-22T12:00:00", None),
    ],
)
def test_a_day_is_reported_from_that_time_of_the_next_day_on(at: str, now: str, day: date | None) -> None:
    assert due(at, datetime.fromisoformat(now)) == day


def test_the_last_requests_of_a_day_are_waited_for_at_midnight() -> None:
    assert due("00:00", datetime.fromisoformat("2026-11-22T00:00:05")) == date(2026, 11, 20)
