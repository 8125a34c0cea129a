"""What mails about errors say, word for word."""

import pytest

from tests.conftest import Golden
from uncork.alerts import messages
from uncork.alerts.groups import Group
from uncork.alerts.occurrence import Frame, Occurrence, Raised, Request
from uncork.alerts.story import Story
from uncork.notices import Message

NOON = 1_700_000_000.0
FRAMES = (
    Frame("flask/app.py", 880, "dispatch_request", "return self.view(**args)"),
    Frame("shop/views.py", 41, "buy", "return price / count", own=True, locals={"count": "0", "price": "'<12>'"}),
)
SAMPLE = Occurrence(
    kind="error",
    fp="8f3a19c2d4e5f607",
    time=NOON,
    release=12,
    level="ERROR",
    logger="shop.views",
    type="ZeroDivisionError",
    message="Exception on /buy [POST]",
    place="shop/views.py:41 in buy",
    environment="production",
    pid=7,
    request=Request(
        "4d2c", "POST", "/buy?<b>", "/buy", "203.0.113.9", 7, {"User-Agent": "curl/8", "Cookie": "[hidden]"}
    ),
    chain=(Raised("KeyError", "'price'", FRAMES[:1]), Raised("ZeroDivisionError", "division by zero", FRAMES)),
)


def group(number: int = 0, **more: object) -> Group:
    values: dict[str, object] = {
        "id": f"8f3a1{number:x}",
        "fp": f"8f3a1{number:x}c2d4e5f607",
        "type": "ZeroDivisionError",
        "message": "division by zero",
        "place": "shop/views.py:41 in buy",
        "level": "ERROR",
        "logger": "shop.views",
        "count": 1,
        "first_seen": NOON,
        "last_seen": NOON,
        "untold": 1,
        "since": NOON,
        "releases": ((12, 1),),
        "before": 11,
    }
    return Group(**{**values, **more})  # type: ignore[arg-type]


def files(message: Message) -> dict[str, str]:
    return {"subject": f"{message.subject}\n", "mail.txt": message.text, "mail.html": message.html}


def test_a_new_error_is_told_with_all_that_is_known_of_it(golden: Golden) -> None:
    golden("error", files(messages.alone(Story("shop", group(), SAMPLE), lost=0)))


def test_an_error_that_is_back_says_so(golden: Golden) -> None:
    back = group(back=True, resolved_in=12, count=8, untold=3, last_seen=NOON + 5, releases=((12, 5), (13, 3)))
    golden("regression", files(messages.alone(Story("shop", back, SAMPLE), lost=2)))


def test_a_digest_names_each_group_with_what_nobody_was_told(golden: Golden) -> None:
    stories = [
        Story("shop", group(1, count=340, untold=12, told=NOON - 600, last_seen=NOON + 60), SAMPLE),
        Story("shop", group(2, type="", message="no stock\nat all", place=""), SAMPLE),
        Story("shop", group(3, back=True, resolved_in=11, untold=2, count=9), SAMPLE),
    ]
    golden("digest", files(messages.digest(stories, lost=1)))


def test_a_digest_names_a_thousand_groups_and_counts_the_others() -> None:
    stories = [Story("shop", group(number, untold=2), SAMPLE) for number in range(1003)]

    message = messages.digest(stories, lost=0)

    assert message.subject == "2006 errors in 1003 groups"
    assert "And 6 errors in 3 groups more." in message.text
    assert message.text.count("uncork errors show") == 1000
    assert message.text.count("flask/app.py") <= 20


@pytest.mark.parametrize("acts", ["\x1b[2J", "\x07", "\u202e", "\x9b"])
def test_nothing_in_a_mail_acts_on_a_terminal(acts: str) -> None:
    odd = group(message=f"a{acts}\nb{acts}", place=f"x{acts}", type=f"T{acts}")

    message = messages.alone(Story("shop", odd, SAMPLE), lost=0)

    assert acts not in message.subject + message.text + message.html
