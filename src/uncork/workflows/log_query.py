"""What is asked of logs: how many lines, since when, matching what; and the time that a line says it is from."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final

from uncork.config.values import seconds_in, shown
from uncork.errors import UsageError

# What begins a line: Python's logging and the servers' ISO times, uWSGI's ctime, and the front's JSON.
_ISO: Final = re.compile(
    r'^(?:.{0,40}?[\s\["(:]|)(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,6})\d*)?(Z|[+-]\d\d:?\d\d)?'
)
_CTIME: Final = re.compile(r"^.{0,10}?(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (\w{3} [ \d]\d \d\d:\d\d:\d\d \d{4})\b")
_STAMPED: Final = 200


@dataclass(frozen=True)
class Query:
    """Which lines are wanted: the last `count` (None: all) of those that are new enough and match."""

    count: int | None = None
    since: datetime | None = None
    pattern: "re.Pattern[str] | None" = None
    access: bool = False

    def wants(self, text: str, time: datetime | None) -> bool:
        """Whether a line is wanted; one of an unknown time is old."""
        if self.since and (time is None or time < self.since):
            return False
        return not self.pattern or bool(self.pattern.search(text))


def query(count: int | None, since: str | None, pattern: str | None, now: datetime, *, access: bool = False) -> Query:
    """Return what is asked for. Raises UsageError for a time or a pattern that is none.

    Without a count: the last 50 lines, or all since a time.
    """
    most = count if count is not None or since else 50
    return Query(most, _since(since, now) if since else None, _pattern(pattern) if pattern else None, access)


def time_of(line: str) -> datetime | None:
    """Return the time that a line begins with, None if it has none. A time without a zone is this machine's own."""
    head = line[:_STAMPED]
    if found := _ISO.match(head):
        day, clock, fraction, zone = found.groups()
        zone = "+0000" if zone == "Z" else (zone or "").replace(":", "")
        return _read(f"{day} {clock}.{(fraction or '0'):0<6}{zone}", f"%Y-%m-%d %H:%M:%S.%f{'%z' if zone else ''}")
    if found := _CTIME.match(head):
        return _read(found[1], "%b %d %H:%M:%S %Y")
    return None


def _read(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None


def _since(text: str, now: datetime) -> datetime:
    seconds = seconds_in(text)
    try:
        if seconds is not None:
            return now - timedelta(seconds=seconds)
        # fromisoformat() reads a Z since Python 3.11.
        return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        raise UsageError(
            f"--since {shown(text)} is no time", "write, for example, --since 10m, or --since 2026-01-31T08:00"
        ) from None


def _pattern(text: str) -> "re.Pattern[str]":
    try:
        return re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise UsageError(
            f"--grep {shown(text)} is no regular expression: {error}", "put a `\\` before what is meant as it is"
        ) from None
