"""Which errors are told when: the first of a group at once, repetitions in digests, never more mails than allowed."""

import pytest

from uncork.alerts.due import Due, Told, Waiting, due
from uncork.notices import Mail

MAIL = Mail(digest_after=600.0, digest_every=3600.0, most=3)
NOW = 100_000.0


def new(fp: str, ago: float = 0.0, **more: bool) -> Waiting:
    return Waiting(fp, NOW - ago, **more)


def again(fp: str, told: float, mails: int = 1, **more: bool) -> Waiting:
    """Return a group that has come again, of which a mail spoke so many seconds ago."""
    return Waiting(fp, NOW - 1.0, NOW - told, mails, **more)


@pytest.mark.parametrize(
    ("waiting", "told", "expected"),
    [
        pytest.param([], [], Due(), id="nothing is due of nothing"),
        pytest.param([new("a")], [], Due(("a",)), id="the first of a group is told at once"),
        pytest.param([new("a"), new("b", 5.0)], [], Due(("b", "a")), id="the earliest comes first"),
        pytest.param(
            [new("a"), new("b"), new("c")], [], Due(("a", "b"), held=("c",)), id="one mail is kept for the digest"
        ),
        pytest.param([new("a")], [Told(NOW - 1)] * 2, Due(held=("a",)), id="the rate limit holds news"),
        pytest.param([new("a")], [Told(NOW - 600)] * 3, Due(("a",)), id="what is ten minutes ago doesn't count"),
        pytest.param([new("a")], [Told(NOW + 60)] * 3, Due(("a",)), id="a clock that was put back holds nothing up"),
        pytest.param([new("a", 599.0, held=True)], [], Due(), id="what was held waits for its digest"),
        pytest.param([new("a", 600.0, held=True)], [], Due(digest=("a",)), id="what was held is in the digest"),
        pytest.param([new("a", 9000.0), new("b", 9000.0)], [], Due(digest=("a", "b")), id="old news come together"),
        pytest.param([again("a", 599.0)], [], Due(), id="repetitions wait ten minutes"),
        pytest.param([again("a", 600.0)], [], Due(digest=("a",)), id="repetitions come in a digest"),
        pytest.param([again("a", 3599.0, 2)], [], Due(), id="the second digest waits an hour"),
        pytest.param([again("a", 3600.0, 2)], [], Due(digest=("a",)), id="the second digest comes after an hour"),
        pytest.param(
            [again("a", 600.0), again("b", 5.0)], [], Due(digest=("a", "b")), id="a digest has everything that waits"
        ),
        pytest.param([again("a", 600.0)], [Told(NOW - 5, is_digest=True)], Due(), id="digests keep their distance"),
        pytest.param([again("a", 600.0)], [Told(NOW - 5)] * 3, Due(), id="a digest keeps to the limit too"),
        pytest.param([again("a", 600.0)], [Told(NOW - 5)] * 2, Due(digest=("a",)), id="the mail kept for it is used"),
        pytest.param([again("a", 5.0, back=True)], [], Due(("a",)), id="a regression is told at once"),
        pytest.param(
            [new("x"), again("a", 600.0)], [], Due(("x",), ("a",)), id="news and a digest may leave at the same time"
        ),
        pytest.param(
            [new("x"), new("y"), new("z"), again("a", 600.0)],
            [],
            Due(("x", "y"), ("z", "a")),
            id="news that are too many go into a digest that leaves anyway",
        ),
    ],
)
def test_what_is_told_now(waiting: list[Waiting], told: list[Told], expected: Due) -> None:
    assert due(waiting, told, MAIL, NOW) == expected


def test_one_mail_in_ten_minutes_is_enough_for_news_and_for_digests() -> None:
    one = Mail(digest_after=600.0, most=1)
    assert due([new("a"), new("b")], [], one, NOW) == Due(("a",), held=("b",))
    assert due([new("b", 600.0, held=True)], [Told(NOW - 600.0)], one, NOW) == Due(digest=("b",))
