"""A report for tests: of a shop's Saturday, beside its Friday."""

from dataclasses import replace
from datetime import date
from typing import Final

from uncork.reporting.looks import Day, Look
from uncork.reporting.report import Figures, Hour, NewError, Report, Slow, Subject

MB: Final = 1024**2
GB: Final = 1024**3
LOOK: Final = Look(
    instance="shop.12.1", release=12, environment="production", started=1795132800.0, workers=4, restarts=2,
    memory=180 * MB, logs=41 * MB, load=0.7, machine_memory=8 * GB, machine_memory_free=5 * GB, disk=80 * GB,
    disk_free=33 * GB,
)  # fmt: skip
SATURDAY: Final = Day(LOOK, 1440, 1438, 2, 191 * MB, 1.4, 4 * GB)
_OLD: Final = replace(LOOK, release=11, logs=39 * MB, disk_free=34 * GB)
FRIDAY: Final = Day(_OLD, 1440, 1440, 0, 180 * MB, 0.7, 5 * GB)
EMPTY: Final = Figures(0, 0, 0, 0, None, None, None, None)
SUBJECT: Final = Subject("shop", "web1.example.com", "http://127.0.0.1:8000/", "none: served over HTTP")
_HOURS: Final = tuple(
    Hour(40 * hour, 20 if hour == 14 else 0, 0.1 + hour / 100 if hour else None) for hour in range(24)
)
REPORT: Final = Report(
    subject=SUBJECT,
    day=date(2026, 11, 21),
    over=True,
    figures=Figures(11040, 20, 310, 52 * MB, 0.031, 0.286, 1.25, SATURDAY),
    before=Figures(9000, 0, 295, 43 * MB, 0.031, 0.2, 0.9, FRIDAY),
    hours=_HOURS,
    slowest=(
        Slow("POST /checkout/<string:basket>/payments", 251, 20, 0.72, 58.2, 0.5),
        Slow("GET /search", 2451, 0, 0.114, 91.0, None),
    ),
    errors=(
        NewError("a1b2c3", "ZeroDivisionError: division by zero", "shop/views.py:41 in buy", 19),
        NewError("d4e5f6", 'ValueError: <script>alert("\x1b[31m")</script>', "", 1),
    ),
)
QUIET: Final = Report(SUBJECT, date(2026, 11, 22), False, EMPTY, EMPTY, (Hour(0, 0, None),) * 24, (), ())  # noqa: FBT003
