"""What the agent can't do: kept to itself, told once, and over when it is."""

import errno
import logging

import pytest

from uncork.agent.troubles import Troubles
from uncork.notices import Trouble

NOON = 1_795_348_800.0
LOG = logging.getLogger("uncork.agent")


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def troubles(clock: Clock, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Troubles:
    # Tests in the same process may have configured logging, which disables the loggers that it does not name.
    monkeypatch.setattr(LOG, "disabled", False)
    caplog.set_level(logging.INFO)
    return Troubles(LOG, clock)


def test_a_part_that_fails_is_a_trouble_since_it_failed_first(troubles: Troubles, clock: Clock) -> None:
    for _ in range(3):
        with troubles.watched("shop", "logs"):
            raise OSError(errno.ENOSPC, "No space left on device", "/state")
        clock.now += 60
    assert troubles.all == (Trouble("shop", "logs: No space left on device (/state)", "2026-11-22T12:00:00Z"),)


def test_a_trouble_is_over_once_the_part_works_and_both_are_logged_once(
    troubles: Troubles, caplog: pytest.LogCaptureFixture
) -> None:
    for fails in (True, True, False, False):
        with troubles.watched("shop", "logs"):
            if fails:
                raise OSError(errno.ENOSPC, "No space left on device")
    assert troubles.all == ()
    assert caplog.messages == ["shop: logs: No space left on device", "shop: logs is well again"]


def test_a_bug_is_logged_with_its_traceback_once(troubles: Troubles, caplog: pytest.LogCaptureFixture) -> None:
    for app in ("shop", "blog", "shop"):
        with troubles.watched(app, "report"):
            raise ValueError("a bug")
    assert [record.exc_info is not None for record in caplog.records] == [False, True, False]


def test_a_number_that_changes_is_told_and_not_logged_again(
    troubles: Troubles, caplog: pytest.LogCaptureFixture
) -> None:
    troubles.note("shop", "mail", "the mail server does not answer", "; 1 waits", since=NOON - 60)
    troubles.note("shop", "mail", "the mail server does not answer", "; 2 wait", since=NOON)
    told = Trouble("shop", "the mail server does not answer; 2 wait", "2026-11-22T11:59:00Z")
    assert troubles.all == (told,)
    assert caplog.messages == ["shop: the mail server does not answer; 1 waits"]


def test_an_app_that_is_no_more_has_no_troubles(troubles: Troubles) -> None:
    troubles.note("shop", "mail", "no")
    troubles.note("blog", "mail", "no")
    troubles.forget("shop")
    assert [trouble.app for trouble in troubles.all] == ["blog"]
