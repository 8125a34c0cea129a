"""uWSGI without a front, and apps whose processes are there only when somebody comes."""

import http.client
from pathlib import Path

import pytest

from tests.e2e.state import Reply, Uncork, copied, eventually

ALONE = 'server = { protocol = "http" }\n'
IDLE = 'server = { idle = "1s" }\n'


def configured(project: Path, lines: str, name: str = "hello") -> Path:
    """The project with other lines in its config."""
    (project / "pyproject.toml").write_text(f'[tool.uncork]\nname = "{name}"\nprocesses = 2\n{lines}')
    return project


def said(reply: Reply) -> tuple[int, str]:
    return reply.status, reply.text


def test_with_no_front_uwsgi_answers_the_world_and_why_that_is_second_best_is_told(uncork: Uncork, hello: Path) -> None:
    configured(hello, ALONE)
    assert "second best to nginx" in uncork.run("plan", str(hello)).ok().out
    assert "second best to nginx" in uncork.up(hello).ok().said
    reply = uncork.get()
    assert said(reply) == (200, "release 1 text one \n") or reply.text.startswith("release 1 ")
    assert reply.headers["Connection"] == "close"
    assert "X-Uncork-Route" not in reply.headers
    assert uncork.get("/_uncork/ready").status == 404
    assert not [argv for argv in uncork.processes().values() if "nginx" in argv]

    other = configured(copied("hello", uncork.root / "other"), ALONE, "other")
    refused = uncork.up(other).ended(2)
    assert "has one app, but there are hello, other" in refused.said
    assert "knows nothing of caching" in uncork.up(configured(hello, f"{ALONE}cache = true\n")).ended(2).said
    assert "a maintenance mode" in uncork.run("maintenance", "on").ended(2).said
    assert uncork.get().text.startswith("release 1 ")

    uncork.run("stop").ok()
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        uncork.get()
    uncork.run("start").ok()
    assert uncork.get().text.startswith("release 1 ")

    assert "second best" not in uncork.up(configured(hello, "")).ok().said
    assert uncork.get().text.startswith("release 2 ")
    assert uncork.get("/_uncork/ready").status == 404
    uncork.up(configured(hello, ALONE)).ok()
    assert uncork.get().headers["Connection"] == "close"
    uncork.run("destroy", "--app", "hello", "--yes").ok()
    assert not uncork.processes()


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

    uncork.up(blog).ok()
    uncork.run("status").ok()
    assert uncork.app() == idle

    assert uncork.get().text.startswith("release 1 ")
    assert uncork.app()["state"] == "running"
    eventually(lambda: uncork.app()["state"] == "idle", within=30)
    uncork.up(hello).ok()
    assert uncork.get().text.startswith("release 2 ")
