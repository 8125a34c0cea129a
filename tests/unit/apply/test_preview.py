"""What a plan would do is told step by step, and nothing is done."""

from pathlib import Path

import pytest

from uncork.apply import preview
from uncork.plan import (
    Answer,
    Call,
    Copy,
    Directory,
    Drain,
    End,
    File,
    Gone,
    Link,
    Orphans,
    Plan,
    Probe,
    Remove,
    Run,
    Step,
)
from uncork.serving import Protocol

SHOWN = (
    (Directory(Path("/h/logs"), 0o750), "make /h/logs/ (750)"),
    (File(Path("/h/a b"), "secret text"), "write /h/a b"),
    (Link(Path("/h/live"), "releases/2"), "link /h/live -> releases/2"),
    (Copy(Path("/src"), Path("/h"), ("a", "b")), "copy 2 files from /src to /h"),
    (Remove(Path("/h/old")), "remove /h/old"),
    (Run(("uv", "pip install", "$(x)"), "install"), "uv 'pip install' '$(x)'"),
    (Call(Path("/s"), "supervisor.stopProcess", ("a.1.1", False)), "supervisor.stopProcess a.1.1 False"),
    (
        Probe(Path("/s"), "/ready", Protocol.UWSGI, 30.0, "boot"),
        "ask /s for /ready until it answers, for 30 s at most",
    ),
    (Answer("127.0.0.1", 80, 5.0, "wait"), "ask http://127.0.0.1:80/ until it answers, for 5 s at most"),
    (Drain(Path("/s"), 1.0, 2.5, "drain"), "wait until nobody is at /s, for 2.5 s at most"),
    (Gone(Path("/s"), "a.1.1", 9.0, "stop"), "wait until a.1.1 has ended, for 9 s at most"),
    (End((7, 8), 5.0, "end"), "end the processes 7, 8"),
    (Orphans(Path("/run/shop/own")), "kill what is left of the processes of /run/shop/own"),
)


@pytest.mark.parametrize(("step", "shown"), SHOWN)
def test_a_step_is_told_in_one_line(step: Step, shown: str) -> None:
    assert preview(Plan(prepare=(step,))) == ((step.why, shown),)


def test_what_would_take_a_plan_back_is_not_told() -> None:
    steps = [step for step, _ in SHOWN]
    plan = Plan(prepare=(steps[0],), switch=(steps[1],), revert=(steps[2],), cleanup=(steps[3],))
    assert [what for _, what in preview(plan)] == [SHOWN[0][1], SHOWN[1][1], SHOWN[3][1]]
