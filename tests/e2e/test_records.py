"""What a deployed app says: one id for a request wherever it is told of, and no secret, whatever becomes of workers."""

import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.state import Json, Reply, Uncork, copied, eventually, rewrite, state
from tests.integration.alerts.servers import Inbox, mail_server
from uncork.layout import Layout
from uncork.machine import sockets
from uncork.model import Instance
from uncork.serving import Protocol

CANARY: Final = "canary-3d5f0a77c1"
TYPED: Final = "typed-9e1b44d2aa"
TELLING: Final = """

import atexit
import threading
from uncork_runtime.flask import Uncork

uncork = Uncork(app)
app.logger.error("said before the first request")
atexit.register(lambda: app.logger.error("said at the end"))


@app.get("/thread")
def thread() -> str:
    started = threading.Thread(target=lambda: app.logger.error("said in a thread"))
    started.start()
    started.join()
    return named()


@app.get("/last-words/<word>")
def last_words(word: str) -> str:
    uncork.set_user(7)
    app.logger.error("the last words are %s", word)
    os.kill(os.getpid(), 9)


@app.post("/leak")
def leak() -> str:
    password = request.form["password"]
    variable = os.environ["CANARY"]
    held = {"token": password, "in": [variable]}
    app.logger.warning("token=%s and %s", password, variable)
    app.logger.warning("all of %s", held)
    raise RuntimeError(f"no access with {variable} and password={password} {held}")


class Unasked:
    # Answers before the app does, as plain WSGI middleware may; what it raises nobody catches.

    def __init__(self, inner) -> None:
        self.inner = inner

    def __call__(self, environ, start_response):
        if environ["PATH_INFO"] == "/uncaught":
            raise RuntimeError(f"uncaught with {os.environ['CANARY']} and {environ['HTTP_COOKIE']}")
        return self.inner(environ, start_response)


app.wsgi_app = Unasked(app.wsgi_app)
"""


class Told:
    """What was written of an app, by where it is."""

    def __init__(self, uncork: Uncork, app: str = "hello") -> None:
        self._uncork = uncork
        self._root = uncork.home / "apps" / app

    def lines(self, log: str) -> list[str]:
        return (self._root / "logs" / log).read_text().splitlines()

    def spooled(self) -> list[Json]:
        spool = self._root / "alerts" / "spool"
        return [json.loads(line) for line in spool.read_text().splitlines()] if spool.exists() else []

    def access(self, request: str) -> Json:
        """The line of a request, once nginx has written it."""
        found: list[Json] = []

        def look() -> bool:
            found[:] = [one for one in map(json.loads, self.lines("access.log")) if one["id"] == request]
            return bool(found)

        eventually(look)
        (line,) = found
        return line


@pytest.fixture(scope="module")
def telling() -> Iterator[Uncork]:
    """A deployed app that says much; its agent stands still, so that what the workers leave it can be seen."""
    with state() as uncork:
        project = copied("hello", uncork.root / "hello")
        with (project / "app.py").open("a") as file:
            file.write(TELLING)
        uncork.run("config", "set", "--app", "hello", f"CANARY={CANARY}").ok()
        uncork.up(project).ok()
        agents = [pid for pid, argv in uncork.processes().items() if " -m uncork.agent " in argv]
        for pid in agents:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield uncork
        finally:
            for pid in agents:
                os.kill(pid, signal.SIGCONT)


def failed(uncork: Uncork) -> Reply:
    reply = uncork.get("/boom")
    assert reply.status == 500
    return reply


def test_one_id_leads_from_the_response_to_every_log_and_to_the_error(telling: Uncork) -> None:
    reply, told = failed(telling), Told(telling)
    id_ = reply.headers["X-Request-ID"]
    assert "X-Uncork-Route" not in reply.headers
    access = told.access(id_)
    assert (access["route"], access["release"], access["status"]) == ("/boom", 1, 500)
    (record,) = (line for line in told.lines("app.log") if f"[id={id_} GET /boom route=/boom client=127.0.0.1" in line)
    assert record.endswith(" release=1 production]")
    (answered,) = (line for line in told.lines("server.log") if f"[id={id_}] answered 500 after " in line)
    assert " - GET " in answered
    (error,) = (one for one in told.spooled() if (one.get("request") or one).get("id") == id_)
    assert error["kind"] in {"error", "again"}


def test_an_id_that_the_visitor_brings_is_kept(telling: Uncork) -> None:
    reply = telling.get("/boom", X_Request_ID="visitor-s-own-1")
    assert reply.headers["X-Request-ID"] == "visitor-s-own-1"
    assert any("id=visitor-s-own-1 " in line for line in Told(telling).lines("app.log"))
    assert Told(telling).access("visitor-s-own-1")["route"] == "/boom"


def test_the_last_words_of_a_worker_that_is_killed_reach_log_and_spool(telling: Uncork) -> None:
    reply = telling.get("/last-words/adieu")
    assert reply.status == 502
    told = Told(telling)
    words = [one for one in told.spooled() if one.get("message") == "the last words are adieu"]
    assert words
    assert words[0]["request"]["user"] == "7"
    assert any("the last words are adieu [id=" in line and " user=7 " in line for line in told.lines("app.log"))


def test_records_arrive_from_threads_before_the_first_request_and_at_the_end(telling: Uncork) -> None:
    assert telling.get("/thread").status == 200
    telling.run("restart").ok()
    told = Told(telling)
    for text in ("before the first request", "in a thread", "at the end"):
        assert any(str(one.get("message")) == f"said {text}" for one in told.spooled()), text
        (line, *_) = (line for line in told.lines("app.log") if f"said {text} " in line)
        assert line.endswith(f"said {text} [release=1 production]")


def test_a_secret_is_in_no_log_and_no_spool(telling: Uncork) -> None:
    headers = {"Authorization": f"Bearer {TYPED}", "Cookie": f"session={TYPED}", "X-Other": CANARY}
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    leaked = telling.ask("POST", "/leak", f"password={TYPED}".encode(), headers=headers | form)
    uncaught = telling.ask("GET", "/uncaught", headers=headers)
    assert (leaked.status, uncaught.status) == (500, 500)
    told = Told(telling)
    errors = {(one.get("request") or {}).get("id"): one for one in told.spooled()}
    error = errors[leaked.headers["X-Request-ID"]]
    held = error["chain"][-1]["frames"][-1]["locals"]
    assert held == {
        "password": "'[redacted]'",
        "variable": "'[redacted]'",
        "held": "{'token': '[redacted]', 'in': ['[redacted]']}",
    }
    assert error["request"]["headers"]["X-Other"] == "[redacted]"
    assert errors[uncaught.headers["X-Request-ID"]]["logger"] == "uncork"
    assert any("RuntimeError: uncaught with [redacted] and" in line for line in told.lines("app.log"))
    told.access(uncaught.headers["X-Request-ID"])
    root = telling.home / "apps" / "hello"
    texts = {path: path.read_text(errors="replace") for path in [*root.glob("logs/*"), *root.glob("alerts/*")]}
    assert not [path.name for path, text in texts.items() if CANARY in text or TYPED in text]


def test_a_release_whose_check_fails_is_refused_with_the_reason(uncork: Uncork, hello: Path) -> None:
    with (hello / "app.py").open("a") as file:
        file.write("\n\nfrom uncork_runtime.flask import Uncork\n\nuncork = Uncork(app)\n")
    uncork.up(hello).ok()
    with (hello / "app.py").open("a") as file:
        file.write(
            '\n\n@uncork.check("database")\ndef database():\n    raise ConnectionError("no database at db:5432")\n'
        )
    with (hello / "pyproject.toml").open("a") as file:
        file.write("boot_deadline = 2\n")
    done = uncork.up(hello).ended(3)
    assert "/_uncork/ready: the answer was 503: database: ConnectionError: no database at db:5432" in done.said
    assert uncork.release() == 1


def test_a_release_that_drains_says_that_it_is_not_ready_and_answers_whom_it_has(uncork: Uncork, hello: Path) -> None:
    uncork.up(hello).ok()
    socket = Layout(uncork.home, uncork.home / "run").app("hello").socket(Instance("hello", 1))

    def drains() -> bool:
        answer = sockets.ask(socket, "/_uncork/ready", Protocol.UWSGI, "localhost", 5.0)
        return (answer.status, answer.body) == (503, b"draining\n")

    with ThreadPoolExecutor() as pool:
        slow = pool.submit(uncork.get, "/slow?s=8")
        eventually(lambda: (sockets.waiting(socket) or sockets.Load(0, 0)).open > 0)
        deployed = pool.submit(uncork.up, hello)
        eventually(drains, within=30.0)
        assert slow.result().text.startswith("release 1 ")
        deployed.result().ok()
    assert uncork.release() == 2


def test_handlers_of_an_app_s_own_get_its_records_and_nobody_gets_one_twice(uncork: Uncork) -> None:
    tutorial = copied("tutorial", uncork.root / "tutorial")
    rewrite(
        tutorial / "blog" / "__init__.py",
        "    return app\n",
        """
    @app.get("/library")
    def library() -> str:
        import logging

        logging.getLogger("library").error("the library burns")
        return "well"

    return app
""",
    )
    with mail_server(Inbox()) as inbox:
        uncork.run("config", "set", "--app", "tutorial", f"MAIL_PORT={inbox.port}").ok()
        uncork.up(tutorial).ok()
        failed = uncork.get("/boom").headers["X-Request-ID"]
        eventually(lambda: len(uncork.listed("errors", "errors")) == 1)
        uncork.get("/library")
        eventually(lambda: len(inbox.mails) >= 2, within=30.0)
    own, ours = inbox.mails
    assert str(own["Subject"]) == "Blog failure"
    assert "RuntimeError: the post is gone" in str(own.get_content())
    assert "the library burns" in str(ours["Subject"])
    records = [line for line in Told(uncork, "tutorial").lines("app.log") if " ERROR " in line]
    assert [f"id={failed} " in records[0], "the library burns" in records[1], len(records)] == [True, True, 2]
