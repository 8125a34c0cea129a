"""Every server behind every front: broken releases are refused, crowds are borne, and no deploy is noticed."""

from collections.abc import Callable, Iterator

import pytest

from tests.e2e.stacks import STACKS, Stack
from tests.e2e.trials import DEPLOYS, KEPT, Trial, trials

pytestmark = pytest.mark.parametrize("stack", STACKS, ids=lambda stack: stack.name)


@pytest.fixture(scope="module")
def under_way(request: pytest.FixtureRequest) -> Iterator[dict[str, Trial]]:
    """The trials of the stacks that tests were chosen for, and that this machine has all for."""
    chosen = {item.callspec.params["stack"]: None for item in request.session.items if item.path == request.path}  # type: ignore[attr-defined]
    with trials([stack for stack in chosen if not stack.lacks()]) as made:
        yield made


@pytest.fixture
def trial(stack: Stack, under_way: dict[str, Trial]) -> Trial:
    stack.needed()
    return under_way[stack.name]


def test_the_app_sees_who_asks_and_how_whatever_a_visitor_claims(trial: Trial) -> None:
    about = trial.visitor.result()
    assert str(about["url"]).startswith("http://localhost:")
    assert about["client"] == "127.0.0.1"


def test_each_kind_of_broken_release_is_refused_and_nobody_notices(trial: Trial) -> None:
    for refusal in trial.refusals.result():
        name = refusal.breakage.name
        assert refusal.code == 3, (name, refusal.said)
        assert not refusal.result.failures, name
        assert refusal.serves, name
        assert not refusal.leftover, name
        for text in refusal.breakage.says:
            assert "{" in text or text in refusal.said, (name, refusal.said)


def test_a_crowd_before_the_front_keeps_nobody_out(trial: Trial, stack: Stack, figures: Callable[[str], None]) -> None:
    if not stack.keeps:
        pytest.skip("uWSGI's router closes each connection, so that there is no such crowd")
    crowd = trial.crowd.result()
    figures(f"{stack.name}: {KEPT:,} kept, 3,000 slow, 64 KB of headers: {crowd.result}")
    assert crowd.kept == KEPT
    assert crowd.refused[0] in {400, 414, 431}
    assert crowd.refused[1] in {200, 400, 431}
    assert crowd.within == 200
    assert not crowd.result.failures
    assert crowd.still == 500


def test_twenty_deploys_under_load_lose_no_request_and_leave_no_old_answer(
    trial: Trial, stack: Stack, figures: Callable[[str], None]
) -> None:
    deploys = trial.deploys.result()
    figures(f"{stack.name}: {DEPLOYS} deploys: {deploys.result}")
    assert not deploys.result.failures
    assert len(set(deploys.result.releases)) == DEPLOYS + 1
    for number, moment in deploys.returned.items():
        assert not deploys.result.stale(number, after=moment)
    assert not deploys.leftover


def test_what_stays_runs_on_every_core(trial: Trial) -> None:
    assert not trial.deploys.result().pinned


def test_when_it_is_down_nothing_is_left(trial: Trial) -> None:
    trial.ended.result()
