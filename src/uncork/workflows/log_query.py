"""What is asked of logs: which of them, how many records, since when, how loud, of what, matching what."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cached_property
from typing import Final

from uncork.config.values import seconds_in, shown
from uncork.errors import UsageError
from uncork.workflows.log_record import LEVELS, LOUD, Record

SOURCES: Final = ("app", "server", "access", "agent", "front")
"""The logs: of an app, what it logs, what it and its server print, its requests; and those that all apps share."""
_PLAIN: Final = re.compile(r"[\w /:=,-]+", re.ASCII)
SHARED: Final = frozenset(("agent", "front"))
USUAL: Final = 50


@dataclass(frozen=True)
class Words:
    """What the command line says, as it was typed."""

    count: int | None = None
    since: str | None = None
    level: str | None = None
    request: str | None = None
    release: int | None = None
    grep: str | None = None
    only: str | None = None


@dataclass(frozen=True)
class Query:
    """Which records are wanted: the last `count` (None: all) of those of `only` that are new enough and match."""

    count: int | None = None
    since: datetime | None = None
    level: str | None = None
    request: str | None = None
    release: int | None = None
    pattern: "re.Pattern[str] | None" = None
    only: tuple[str, ...] = SOURCES

    def wants(self, record: Record) -> bool:
        """Whether a record is wanted; one of an unknown time is old."""
        return (
            self._is_new(record)
            and (self.level is None or record.loudness >= LEVELS[self.level])
            and (self.release is None or self.release == record.release)
            and self.matches(record.text)
        )

    def matches(self, text: str) -> bool:
        """Whether a text has what is looked for in it."""
        return (self.request is None or self.request in text) and (
            self.pattern is None or self.pattern.search(text) is not None
        )

    def may_want(self, lines: bytes) -> bool:
        """Whether any record in some lines may be wanted: quick, so that most of a long log need not be read."""
        return all(any(mark in lines for mark in marks) for marks in self._marks)

    @cached_property
    def _marks(self) -> tuple[tuple[bytes, ...], ...]:
        """What a wanted record has: one of each."""
        marks: list[tuple[str, ...]] = []
        if self.request:
            marks.append((self.request,))
        if self.pattern and _PLAIN.fullmatch(self.pattern.pattern):
            marks.append((self.pattern.pattern,))
        if self.release is not None:
            marks.append(tuple(f"release{between}{self.release}" for between in ("=", '":', '": ')))
        if self.level and LEVELS[self.level] > LEVELS["INFO"]:
            marks.append(LOUD)
        return tuple(tuple(mark.encode("utf-8", "surrogateescape") for mark in group) for group in marks)

    def _is_new(self, record: Record) -> bool:
        return self.since is None or (record.time is not None and record.time >= self.since)


def query(asked: Words, now: datetime) -> Query:
    """Return what is asked for. Raises UsageError for a time, a pattern or a log that is none.

    Without a count: the last 50 records, or all since a time.
    """
    return Query(
        count=asked.count if asked.count is not None or asked.since else USUAL,
        since=_since(asked.since, now) if asked.since else None,
        level=asked.level.upper() if asked.level else None,
        request=asked.request,
        release=asked.release,
        pattern=_pattern(asked.grep) if asked.grep else None,
        only=_only(asked.only) if asked.only else SOURCES,
    )


def _only(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    wrong = next((name for name in names if name not in SOURCES), None)
    if wrong is not None:
        raise UsageError(f"--only {shown(wrong)} is no log", f"name some of {', '.join(SOURCES)}, with commas")
    return names


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
