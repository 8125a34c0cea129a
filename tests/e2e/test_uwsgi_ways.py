"""uWSGI without a front, and apps whose processes are there only when somebody comes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.state import Uncork, copied, eventually, gone, state

ALONE = 'server = { protocol = "http" }\n'
MOST = 7 * 1024 * 1024
IDLE = 'server = { idle = "1s" }\n'


def memory(uncork: Uncork, app: str) -> int:
    """The bytes (PSS) of the app's server, and of what holds its socket."""
    mark = f"UNCORK_RUN={uncork.home}/run/{app}/".encode()
    ours = [pid for pid in uncork.processes() if mark in Path(f"/proc/{pid}/environ").read_bytes()]
    lines = [line for pid in ours for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024


def configured(project: Path, lines: str, name: str = "hello") -> Path:
    """The project with other lines in its config."""
    (project / "pyproject.toml").write_text(f'[tool.uncork]\nname = "{name}"\nprocesses = 2\n{lines}')
    return project


@pytest.fixture(scope="module")
def alone() -> Iterator[Uncork]:
    """A state directory with no front, and an app as its release 1."""
    with state() as uncork:
        hello = configured(copied("hello", uncork.root / "hello"), ALONE)
        assert "second best to nginx" in uncork.run("plan", str(hello)).ok().out
        assert "second best to nginx" in uncork.up(hello).ok().said
        yield uncork


def test_with_no_front_the_world_is_answered_by_uwsgi_and_told_nothing_that_is_uncork_s(alone: Uncork) -> None:
    reply = alone.get()
    assert reply.text.startswith("release 1 ")
    assert reply.headers["Connection"] == "close"
    assert "X-Uncork-Route" not in reply.headers
    assert alone.get("/_uncork/ready").status == 404
    assert not [argv for argv in alone.processes().values() if "nginx" in argv]


def test_with_no_front_a_second_app_is_refused_and_what_only_a_front_can_do(alone: Uncork) -> None:
    other = configured(copied("hello", alone.root / "other"), ALONE, "other")
    assert "has one app, but there are hello, other" in alone.up(other).ended(2).said
    caching = configured(alone.root / "hello", f"{ALONE}cache = true\n")
    assert "knows nothing of caching" in alone.up(caching).ended(2).said
    assert "a maintenance mode" in alone.run("maintenance", "on").ended(2).said
    assert alone.get().text.startswith("release 1 ")


def test_with_no_front_a_stopped_app_is_not_answered_for_until_it_is_started(alone: Uncork) -> None:
    alone.run("stop").ok()
    with pytest.raises(ConnectionError):
        alone.get()
    alone.run("start").ok()
    assert alone.get().text.startswith("release 1 ")


def test_from_no_front_to_nginx_and_back_is_a_deploy_and_nothing_is_left_in_the_end(alone: Uncork) -> None:
    hello = alone.root / "hello"
    assert "second best" not in alone.up(configured(hello, "")).ok().said
    assert alone.get().text.startswith("release 2 ")
    assert alone.get().headers["Connection"] != "close"
    alone.up(configured(hello, ALONE)).ok()
    assert alone.get().headers["Connection"] == "close"
    alone.run("destroy", "--app", "hello", "--yes").ok()
    assert not gone(alone.processes)


def test_uwsgi_behind_nginx_is_told_how_to_do_without(uncork: Uncork, hello: Path) -> None:
    told = uncork.up(configured(hello, 'front = "none"\n')).ended(2).said
    assert 'protocol = "http"' in told


def test_an_app_goes_idle_comes_back_and_a_deploy_of_another_does_not_wake_it(uncork: Uncork, hello: Path) -> None:
    uncork.up(configured(hello, IDLE)).ok()
    blog = configured(copied("hello", uncork.root / "blog"), "", "blog")
    uncork.up(blog).ok()
    eventually(lambda: uncork.app()["state"] == "idle", within=30)
    idle = uncork.app()
    assert idle["workers"] == []
    assert 0 < memory(uncork, "hello") <= MOST

    uncork.up(blog).ok()
    uncork.run("status").ok()
    assert uncork.app() == idle

    assert uncork.get().text.startswith("release 1 ")
    assert uncork.app()["state"] == "running"
    eventually(lambda: uncork.app()["state"] == "idle", within=30)
    uncork.up(hello).ok()
    assert uncork.get().text.startswith("release 2 ")
