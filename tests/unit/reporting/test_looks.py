"""Looks at an app, and what a day of them comes to."""

from dataclasses import replace

import pytest

from tests.unit.reporting.parts import LOOK
from uncork.reporting.looks import Look, first, more

IDLE = replace(LOOK, started=0.0, workers=0, restarts=0, memory=0, idle=True)
ENDED = replace(LOOK, instance="", started=0.0, workers=0, restarts=0, memory=0)


def restarts(*looks: Look) -> int:
    day = first(looks[0], None)
    for look in looks[1:]:
        day = more(day, look)
    return day.restarts


@pytest.mark.parametrize(
    ("looks", "count"),
    [
        ((LOOK, LOOK), 0),
        ((LOOK, replace(LOOK, restarts=LOOK.restarts + 3)), 3),
        ((LOOK, replace(LOOK, instance="shop.13.1", started=2.0, restarts=0)), 0),
        ((LOOK, replace(LOOK, instance="shop.13.1", started=2.0, restarts=1)), 1),
        ((LOOK, replace(LOOK, started=LOOK.started + 60, restarts=0)), 1),
        ((LOOK, IDLE, replace(LOOK, restarts=LOOK.restarts + 3)), 0),
        ((LOOK, ENDED), 0),
    ],
    ids=[
        "none",
        "three workers",
        "a deploy",
        "a deploy and a worker",
        "the server itself",
        "idle meanwhile",
        "none answers",
    ],
)
def test_restarts_are_those_that_nobody_asked_for(looks: tuple[Look, ...], count: int) -> None:
    assert restarts(*looks) == count


def test_restarts_before_midnight_are_the_day_befores() -> None:
    day = first(replace(LOOK, restarts=5), replace(LOOK, restarts=4))

    assert day.restarts == 1


def test_a_day_keeps_the_most_and_the_least_and_how_often_nobody_answered() -> None:
    day = first(LOOK, None)
    day = more(day, replace(LOOK, memory=9 * LOOK.memory, load=7.0, machine_memory_free=1))
    day = more(more(day, ENDED), LOOK)

    assert (day.most_memory, day.most_load, day.least_machine_memory_free) == (9 * LOOK.memory, 7.0, 1)
    assert (day.looks, day.answered) == (4, 3)
    assert day.last == LOOK


def test_an_app_that_is_idle_is_up() -> None:
    day = more(first(LOOK, None), IDLE)
    assert (day.looks, day.answered) == (2, 2)
