"""How many requests the front answered from what it keeps, by the last lines of an access log."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import msgspec

KEPT: Final = frozenset({"HIT", "STALE", "UPDATING", "REVALIDATED"})


@dataclass(frozen=True)
class Hits:
    """The last requests that could be answered from what is kept, and how many of them were.

    What the front serves by itself is none of them, nor is a POST; what a visitor who logged in asks for is.
    """

    requests: int
    hits: int

    @property
    def percent(self) -> int:
        """The share of hits in percent."""
        return round(100 * self.hits / self.requests) if self.requests else 0


class _Line(msgspec.Struct, gc=False):
    """What is read of a line: nginx's own word (ngx_http_upstream, `$upstream_cache_status`)."""

    cache: str = ""


_DECODER: Final = msgspec.json.Decoder(_Line)


def hits(lines: Iterable[str]) -> Hits:
    """Return what lines of the access log come to; one that is cut short is passed over."""
    words = [word for line in lines if (word := _word(line))]
    return Hits(len(words), sum(word in KEPT for word in words))


def _word(line: str) -> str:
    try:
        return _DECODER.decode(line).cache
    except msgspec.MsgspecError:
        return ""
