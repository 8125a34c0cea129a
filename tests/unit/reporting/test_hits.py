"""How much the front answered from what it keeps, by lines of an access log."""

import json

from uncork.reporting.hits import Hits, hits


def line(**said: str) -> str:
    return json.dumps({"app": "shop", "status": 200, **said})


def test_what_was_given_without_asking_the_app_is_a_hit() -> None:
    words = ("HIT", "STALE", "UPDATING", "REVALIDATED", "MISS", "EXPIRED", "BYPASS")
    assert hits(line(cache=word) for word in words) == Hits(7, 4)


def test_what_the_front_never_keeps_does_not_count() -> None:
    found = hits(["", '{"cache": "HI', line(), line(cache=""), line(cache="MISS"), "[]"])
    assert (found, found.percent, hits([]).percent) == (Hits(1, 0), 0, 0)
