"""Times as they are written down and shown: UTC, in ISO 8601, with a Z at the end."""

from datetime import datetime, timezone


def iso(moment: datetime, timespec: str = "seconds") -> str:
    """Return a time that is UTC already as `2026-11-22T16:05:12Z`."""
    return moment.isoformat(timespec=timespec).replace("+00:00", "Z")


def now() -> str:
    """Return the time it is, with its milliseconds."""
    return iso(datetime.now(timezone.utc), "milliseconds")


def at(seconds: float) -> str:
    """Return a time in epoch seconds, as `2026-11-22T16:05:12Z`."""
    return iso(datetime.fromtimestamp(seconds, timezone.utc))
