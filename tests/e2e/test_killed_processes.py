"""Each process that serves, killed with -9 under load: what was lost, and how soon all was well again."""

import os
import signal
import time
from collections.abc import Callable

import psutil
import pytest

from tests.e2e.state import Uncork, eventually
from tests.load.client import GET, Shot
from tests.load.result import Result


def masters(uncork: Uncork) -> list[int]:
    """The uWSGI master of the live release: the parent of its workers."""
    return list({psutil.Process(pid).ppid() for pid in uncork.workers()})


def supervisors(uncork: Uncork) -> list[int]:
    """The one supervisord of the state directory."""
    return [int((uncork.home / "run" / "supervisord.pid").read_text())]


def fronts(uncork: Uncork) -> list[int]:
    """The master of nginx."""
    return [int((uncork.home / "run" / "_front" / "nginx.pid").read_text())]


def killed(
    uncork: Uncork, pids: list[int], *shots: Shot, rate: float = 200.0, then: float = 4.0
) -> tuple[Result, float]:
    """The load's result, and when they were killed."""
    with uncork.load(rate, shots or (GET, GET, GET, Shot("/echo", "POST"))) as load:
        time.sleep(0.5)
        moment = time.monotonic()
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        time.sleep(then)
    return load.result, moment


def test_a_killed_worker_loses_no_get(shared: Uncork, figures: Callable[[str], None]) -> None:
    for turn in range(4):
        result, moment = killed(
            shared, shared.workers()[:1], GET, GET, Shot("/slow?s=0.02"), Shot("/echo", "POST"), then=2
        )
        figures(f"worker killed ({turn}): {result}, whole again after {result.recovered(moment):.2f} s")
        assert not result.lost("GET")
    eventually(lambda: len(shared.workers()) == 2)


def test_workers_killed_in_the_middle_of_gets_do_not_lose_them(shared: Uncork) -> None:
    """Both workers die while each has a request of 0.2 s: those are asked again, once there are new workers."""
    result, _ = killed(shared, shared.workers(), Shot("/slow?s=0.2"), rate=8, then=3)
    assert not result.lost("GET"), result
    eventually(lambda: len(shared.workers()) == 2)


def test_a_killed_master_is_back_within_three_seconds(shared: Uncork, figures: Callable[[str], None]) -> None:
    before = set(shared.workers()) | set(masters(shared))
    result, moment = killed(shared, masters(shared))
    figures(f"master killed: {result}, whole again after {result.recovered(moment):.2f} s")
    assert result.recovered(moment) < 3
    assert result.within(moment + 3, moment + 4).samples
    assert shared.app()["state"] == "running"
    assert not before & set(shared.processes()), "orphans of the old master still serve"


def test_after_a_killed_supervisor_up_makes_all_well(shared: Uncork, figures: Callable[[str], None]) -> None:
    pids = supervisors(shared)
    with shared.load(100) as load:
        os.kill(pids[0], signal.SIGKILL)
        time.sleep(1)
        shared.run("status").ended(5)
        moment = time.monotonic()
        shared.up(shared.root / "hello").ok()
        back = time.monotonic()
        time.sleep(1)
    figures(f"supervisord killed, `up` after 1 s: {load.result}; lost before `up`: "
            f"{len(load.result.within(0, moment).failures)}, during: {len(load.result.within(moment, back).failures)}, "
            f"after: {len(load.result.within(back, back + 9).failures)}, `up` took {back - moment:.2f} s")  # fmt: skip
    assert not load.result.within(back, back + 9).failures
    assert supervisors(shared) != pids
    _one_of_each(shared)


def test_a_killed_front_is_back_by_itself_or_by_up(shared: Uncork, figures: Callable[[str], None]) -> None:
    pids = fronts(shared)
    result, moment = killed(shared, pids)
    figures(f"nginx's master killed: {result}, whole again after {result.recovered(moment):.2f} s")
    shared.up(shared.root / "hello").ok()
    assert shared.get().status == 200
    assert fronts(shared) != pids
    _one_of_each(shared)


def test_a_killed_worker_of_the_front_is_replaced(shared: Uncork, figures: Callable[[str], None]) -> None:
    pids = [child.pid for child in psutil.Process(fronts(shared)[0]).children()]
    result, moment = killed(shared, pids, then=2)
    figures(f"nginx's workers killed: {result}, whole again after {result.recovered(moment):.2f} s")
    assert result.recovered(moment) < 1


@pytest.mark.parametrize("everything", [True, False], ids=["everything", "all but the servers"])
def test_after_a_reboot_up_serves_again(shared: Uncork, everything: bool) -> None:  # noqa: FBT001
    release = shared.release()
    spared = set() if everything else {*shared.workers(), *masters(shared)}
    for pid in set(shared.processes()) - spared:
        os.kill(pid, signal.SIGKILL)
    shared.up(shared.root / "hello").ok()
    assert shared.release() == release + 1
    _one_of_each(shared)


def test_start_serves_again_what_a_reboot_ended(shared: Uncork) -> None:
    release = shared.release()
    for pid in shared.processes():
        os.kill(pid, signal.SIGKILL)
    shared.run("status").ended(5)
    shared.run("start").ok()
    assert shared.release() == release
    _one_of_each(shared)


def _one_of_each(uncork: Uncork) -> None:
    """One supervisord, one front, one server, as a fresh deploy has; nothing of an earlier life."""
    eventually(lambda: len(uncork.workers()) == 2)
    known = {*supervisors(uncork), *fronts(uncork), *masters(uncork)}
    for pid in uncork.processes():
        family = {pid, *(parent.pid for parent in psutil.Process(pid).parents())}
        assert family & known, f"nobody's: {pid} {uncork.processes().get(pid)}"
    uncork.run("status").ok()
