"""A release that can't serve is refused, and visitors stay on the one before."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.breakage import BREAKAGES, Breakage
from tests.e2e.state import Uncork, copied, free_port, gone, state


def kept(uncork: Uncork) -> set[str]:
    """What of a state directory decides what runs: sockets, programs, finished releases, links."""
    places = ("run/**/*", "supervisor/**/*", "front/**/*", "apps/*/live", "apps/*/releases/*/release.json")
    return {str(path.relative_to(uncork.home)) for place in places for path in uncork.home.glob(place)}


@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda breakage: breakage.name)
def test_a_broken_release_is_refused_and_nobody_notices(shared: Uncork, project: Path, breakage: Breakage) -> None:
    running, there, serves = set(shared.processes()), kept(shared), shared.release()
    breakage.break_it(project)
    last = len((project / "app.py").read_text().splitlines())
    with shared.load(100) as load:
        done = shared.up(project).ended(3)
    assert not load.result.failures
    assert set(load.result.releases) == {serves}
    for text in breakage.says:
        assert text.format(last=last) in done.said
    assert not gone(lambda: {p: a for p, a in shared.processes().items() if p not in running})
    assert set(shared.processes()) == running
    assert kept(shared) == there


def test_after_all_refusals_a_good_release_takes_over(shared: Uncork, project: Path) -> None:
    before = shared.release()
    shared.up(project).ok()
    assert shared.release() > before


def test_a_refusal_tells_the_cause_as_an_object_too(shared: Uncork, project: Path) -> None:
    BREAKAGES[0].break_it(project)
    told = shared.up(project, "--json").ended(3).json()
    assert told["schema"] == 1
    error = told["error"]
    assert isinstance(error, dict)
    assert error["code"] == 3
    assert {"problem", "fix"} <= set(error)
    assert "SyntaxError" in str(error)


def test_a_first_deploy_that_is_refused_leaves_nothing_running_and_the_next_one_serves(
    uncork: Uncork, hello: Path
) -> None:
    good = (hello / "app.py").read_text()
    (hello / "app.py").write_text(good + "\nraise ValueError('not yet')\n")
    assert "ValueError: not yet" in uncork.up(hello).ended(3).said
    assert not gone(uncork.processes)
    (hello / "app.py").write_text(good)
    uncork.up(hello).ok()
    assert "text one" in uncork.get().text


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def test_an_address_that_nothing_here_can_hold_is_refused_before_anything_is_made(uncork: Uncork, hello: Path) -> None:
    assert "IPv6" in uncork.run("up", str(hello), "--bind", "::1").ended(2).err
    assert not (uncork.home / "apps").exists()


def test_a_taken_port_is_refused_before_anything_starts_and_names_its_holder(
    uncork: Uncork, hello: Path, taken: int
) -> None:
    uncork.port = taken
    said = uncork.up(hello).ended(2).said
    assert str(taken) in said
    assert str(os.getpid()) in said
    assert str(taken + 1) in said or "--port" in said
    assert not gone(uncork.processes)


def test_a_taken_port_for_an_app_that_serves_leaves_it_serving(shared: Uncork, project: Path, taken: int) -> None:
    with shared.load(50) as load:
        shared.run("up", str(project), "--port", str(taken)).ended(2)
    assert not load.result.failures
    assert shared.get().status == 200


def test_an_app_moves_to_another_port_when_told(uncork: Uncork, hello: Path) -> None:
    uncork.up(hello).ok()
    old, uncork.port = uncork.port, free_port()
    uncork.up(hello).ok()
    assert uncork.release() == 2
    uncork.port = old
    with pytest.raises(ConnectionRefusedError):
        uncork.get()


def test_a_socket_that_can_not_be_bound_is_refused(shared: Uncork, project: Path) -> None:
    """A folder with something in it sits wherever the next releases would put their socket."""
    serves = shared.release()
    for number in range(serves + 1, serves + 30):
        (shared.home / "run" / "hello" / f"{number}.1" / "app.sock" / "in the way").mkdir(parents=True)
    with shared.load(100) as load:
        done = shared.up(project)
    assert not load.result.failures
    if done.code:
        done.ended(3)
        assert "app.sock" in done.said
        assert shared.release() == serves
    else:
        assert shared.release() > serves


def test_two_apps_may_be_broken_and_whole_side_by_side() -> None:
    with state() as uncork:
        hello = copied("hello", uncork.root / "hello")
        other = copied("hello", uncork.root / "other")
        (other / "pyproject.toml").write_text('[tool.uncork]\nname = "other"\nprocesses = 1\n')
        uncork.up(hello).ok()
        BREAKAGES[0].break_it(other)
        uncork.up(other).ended(3)
        assert uncork.release() == 1
        assert {str(app["name"]) for app in uncork.listed("status", "apps")} == {"hello"}
