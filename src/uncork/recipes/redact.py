"""Keeps the values of `config set` out of what is told and written down."""

from collections.abc import Iterable
from typing import Final

SHORTEST: Final = 6
"""Shorter values, such as `1` or `debug`, are no secrets, and hiding them would spoil every message."""


def redact(text: str, values: Iterable[str]) -> str:
    """Return the text with every one of the values replaced; the longest first, since one may hold another."""
    for value in sorted(values, key=len, reverse=True):
        if len(value) >= SHORTEST:
            text = text.replace(value, "[hidden]")
    return text
