"""Readiness: the checks that an app registers, and draining."""

import threading
from collections.abc import Iterator
from pathlib import Path

import flask
import pytest

from tests.unit.runtime.test_runtime_wsgi import ask
from uncork_runtime import health, wsgi

READY = "/_uncork/ready"


@pytest.fixture(autouse=True)
def no_checks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("UNCORK_RUN", raising=False)
    yield
    health._checks.clear()


def answer(app: object = None) -> tuple[str, str]:
    return ask(wsgi.serve(app or flask.Flask("shop")), READY)[:2]


def test_it_is_ready_while_its_checks_are_well() -> None:
    health.check("database")(lambda: None)
    health.check("queue")(lambda: True)
    assert answer() == ("200 OK", "ready\n")


def test_failing_checks_are_named_with_their_reasons() -> None:
    @health.check("queue")
    def queue() -> bool:
        return False

    @health.check("database")
    def database() -> None:
        raise ConnectionRefusedError("nobody\nlistens on port 5432")

    status, body = answer()
    assert status == "503 Service Unavailable"
    assert body == "database: ConnectionRefusedError: nobody listens on port 5432\nqueue: it returned False\n"
    assert ask(wsgi.serve(flask.Flask("shop")), "/_uncork/live")[0] == "200 OK"


def test_a_check_runs_in_the_app_s_context() -> None:
    app = flask.Flask("shop")
    app.config["LIMIT"] = 0
    health.check("limit")(lambda: flask.current_app.config["LIMIT"] > 0)
    assert answer(app)[1] == "limit: it returned False\n"
    app.config["LIMIT"] = 1
    assert answer(app)[1] == "ready\n"


def test_a_plain_app_has_checks_too() -> None:
    health.check("well")(lambda: None)
    assert answer(lambda *_: [])[1] == "ready\n"


def test_a_slow_check_fails_and_is_not_started_again_beside_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "MOST", 0.01)
    go, begun = threading.Event(), []

    @health.check("slow")
    def slow() -> None:
        begun.append(1)
        go.wait()

    assert answer() == ("503 Service Unavailable", "slow: it has not ended after 0.01 s\n")
    assert answer()[0] == "503 Service Unavailable"
    assert begun == [1]
    go.set()
    health._running["slow"].join()
    monkeypatch.setattr(health, "MOST", 5.0)
    assert answer()[1] == "ready\n"


def test_it_is_not_ready_while_its_release_drains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNCORK_RUN", str(tmp_path))
    assert answer()[1] == "ready\n"
    (tmp_path / "draining").touch()
    assert answer() == ("503 Service Unavailable", "draining\n")
