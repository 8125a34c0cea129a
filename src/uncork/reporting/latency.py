"""How long requests took, in buckets that grow: a few hundred numbers give any quantile within 4 percent."""

from collections.abc import Mapping
from math import ceil, log
from typing import Final

# A bucket's upper bound is this many times the bucket's below: what lies in it is at most 3.9 % from its middle.
GROWTH: Final = 1.08
_LOOKED_UP: Final = 8192


def _bucket(milliseconds: int) -> int:
    return 1 + ceil(log(milliseconds) / log(GROWTH) - 1e-9) if milliseconds > 0 else 0


_BUCKETS: Final = tuple(_bucket(milliseconds) for milliseconds in range(_LOOKED_UP))


def bucket(seconds: float) -> int:
    """Return the number of the bucket for so many seconds, which the front writes to the millisecond."""
    milliseconds = int(seconds * 1000 + 0.5)
    return _BUCKETS[milliseconds] if 0 <= milliseconds < _LOOKED_UP else _bucket(milliseconds)


def middle(number: int) -> float:
    """Return the seconds that stand for all that is in a bucket; 0 for what took less than a millisecond."""
    return 2 * GROWTH ** (number - 1) / (GROWTH + 1) / 1000 if number else 0.0


def quantile(counts: Mapping[int, int], part: float) -> float | None:
    """Return how many seconds that part (0 to 1) of the requests took at most; None if there were none."""
    wanted = ceil(part * sum(counts.values())) or 1
    for number in sorted(counts):
        wanted -= counts[number]
        if wanted <= 0:
            return middle(number)
    return None
