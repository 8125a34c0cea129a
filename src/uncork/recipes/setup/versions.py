"""Which of two versions of uncork is newer."""

import re


def newer(one: str, other: str) -> bool:
    """Return whether a version is newer than another, by their numbers alone."""
    return _numbers(one) > _numbers(other)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text.partition("+")[0]))
