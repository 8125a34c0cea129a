"""What `[cache]` holds: whether the front keeps responses, and how much of them."""

from dataclasses import replace
from typing import Final

from uncork.config.keys import Key
from uncork.config.text import Table
from uncork.config.values import SWITCH, size
from uncork.serving import Cache

_MEGABYTE: Final = 1024**2


def settings(values: Table) -> Cache:
    """Return what holds where the config says these (checked) values."""
    return replace(Cache(), **values)  # type: ignore[arg-type]


KEYS: Final = (
    Key(
        "on",
        "Whether the front keeps responses for as long as the app's own `Cache-Control` says; `cache = true` is short "
        "for it.",
        SWITCH,
        "true",
        "false",
    ),
    Key("size", "How much of the disk the kept responses may take.", size(_MEGABYTE, "1M"), '"1G"', '"256M"'),
)
