"""When a day's report is due."""

from datetime import date, datetime, timedelta
from typing import Final

LATE: Final = timedelta(seconds=10)
"""The front writes its log a second late, and the agent counts a second after that: midnight is reached later."""


def due(at: str, now: datetime) -> date | None:
    """Return the day whose report should have been sent by `now`, on the machine's own clock; None if none today.

    `at` is a time of day such as `07:00`; "" is never.
    """
    if not at:
        return None
    hour, _, minute = at.partition(":")
    moment = now - LATE
    if (moment.hour, moment.minute) < (int(hour), int(minute)):
        return None
    return moment.date() - timedelta(days=1)
