"""A plan is carried out in order, and taken back when a step fails."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.apply.collected import Collected
from uncork import apply as applying
from uncork.errors import StepFailedError
from uncork.model import Account
from uncork.plan import Plan, Remove, Step
from uncork.report import Reporter

Fail = Callable[..., None]


def step(name: str, why: str = "") -> Remove:
    return Remove(Path("/nowhere") / name, why)


PLAN = Plan(
    prepare=(step("prepare 1"), step("prepare 2")),
    switch=(step("switch"),),
    revert=(step("revert 1"), step("revert 2")),
    cleanup=(step("cleanup 1"), step("cleanup 2")),
)
ALL = ["prepare 1", "prepare 2", "switch", "cleanup 1", "cleanup 2"]
REVERT = ["revert 1", "revert 2"]


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the steps that were carried out."""
    names: list[str] = []
    monkeypatch.setattr(applying, "carry_out", lambda step, _account, _report: names.append(step.path.name))
    return names


@pytest.fixture
def fail_at(done: list[str], monkeypatch: pytest.MonkeyPatch) -> Fail:
    """Makes some steps fail, each once it has been noted as carried out."""

    def arrange(names: dict[str, BaseException]) -> None:
        def carry_out(step: Step, _account: Account | None, _report: Reporter) -> None:
            assert isinstance(step, Remove)
            done.append(step.path.name)
            if step.path.name in names:
                raise names[step.path.name]

        monkeypatch.setattr(applying, "carry_out", carry_out)

    return arrange


def test_steps_are_carried_out_in_order_and_nothing_is_reverted(done: list[str]) -> None:
    applying.apply(PLAN, None, Collected())
    assert done == ALL


@pytest.mark.parametrize("name", ALL[:3])
@pytest.mark.parametrize(
    "error", [StepFailedError("try", "it broke"), KeyboardInterrupt(), SystemExit(1), OSError(5, "")]
)
def test_a_failure_before_the_cleanup_reverts_and_is_raised_again(
    name: str, error: BaseException, done: list[str], fail_at: Fail
) -> None:
    fail_at({name: error})
    with pytest.raises(type(error)) as raised:
        applying.apply(PLAN, None, Collected())
    assert raised.value is error
    assert done == [*ALL[: ALL.index(name) + 1], *REVERT]


@pytest.mark.parametrize("trouble", [StepFailedError("stop", "it hangs"), KeyboardInterrupt(), OSError(5, "bad disk")])
def test_every_revert_step_is_tried_even_if_another_fails(
    trouble: BaseException, done: list[str], fail_at: Fail
) -> None:
    cause = StepFailedError("switch", "no")
    report = Collected()
    fail_at({"switch": cause, "revert 1": trouble})
    with pytest.raises(StepFailedError) as raised:
        applying.apply(PLAN, None, report)
    assert raised.value is cause
    assert done[-2:] == REVERT
    assert len(report.notes) == 1
    assert report.notes[0].startswith("could not take back: remove /nowhere/revert 1: ")


def test_a_failed_cleanup_is_noted_and_the_switch_stays(done: list[str], fail_at: Fail) -> None:
    report = Collected()
    fail_at({"cleanup 1": StepFailedError("stop the old release", "it hangs")})
    applying.apply(PLAN, None, report)
    assert done == ALL
    assert report.notes == ["could not clean up: remove /nowhere/cleanup 1: stop the old release: it hangs"]


@pytest.mark.usefixtures("done")
def test_steps_that_say_why_are_reported_and_the_others_are_silent() -> None:
    report = Collected()
    applying.apply(Plan(prepare=(step("a", "tidy up"), step("b"))), None, report)
    assert report.begun == report.ended == ["tidy up"]


def test_a_step_that_fails_has_begun_and_not_ended(fail_at: Fail) -> None:
    report = Collected()
    fail_at({"a": StepFailedError("tidy up", "no")})
    with pytest.raises(StepFailedError):
        applying.apply(Plan(prepare=(step("a", "tidy up"),)), None, report)
    assert report.begun == ["tidy up"]
    assert report.ended == []
