"""What a server's log says of requests: those that failed or took long, by their id; and that all are answered."""

import re
import time

from tests.contract.house import House

RUN = """
import os, sys, time
from flask import Flask, send_file
sys.path.append(os.path.dirname(os.path.realpath(__file__)))
from uncork_runtime import request, wsgi

app = Flask(__name__)
application = wsgi.serve(app, log={log!r}, release=30, under=UNDER)


@app.get("/")
def index():
    return "well"


@app.get("/fail/<secret>")
def fail(secret):
    return "failed", 500


@app.get("/slow")
def slow():
    time.sleep(5.1)
    return "at last"


@app.get("/file")
def file():
    return send_file(__file__)


@app.get("/stream")
def stream():
    def parts():
        for _ in range(3):
            now = request.current()
            yield now.path + " "
    return parts()


@app.get("/say/<word>")
def say(word):
    print(word, flush=True)
    return str(os.getpid())
"""


def answered(running: House, number: int) -> list[str]:
    """The lines about requests, once there are so many: one is written when its response has been sent."""
    found: list[str] = []
    deadline = time.monotonic() + 10
    while len(found) < number:
        assert time.monotonic() < deadline, found
        found = [line for line in running.app.server_log.read_text().splitlines() if " answered " in line]
    return found


def test_requests_that_failed_or_took_long_are_in_the_server_s_log_and_no_others(running: House) -> None:
    run_py = RUN.format(log=str(running.app.server_log))
    with running.release(30, run_py=run_py) as instance:
        for path in ("/", "/nothing", "/_uncork/ready", "/fail/canary?canary", "/slow"):
            running.ask(instance, path)
        failed, slow = answered(running, 2)
    began = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} - GET \[id=uncork-check\]"
    line = rf"{began} answered %s after %s ms by (?:worker \d, )?pid \d+$"
    assert re.search(line % (500, r"\d+"), failed)
    assert re.search(line % (200, r"5\d\d\d"), slow)
    assert "canary" not in failed


def test_workers_write_on_in_a_log_that_was_renamed(running: House) -> None:
    log = running.app.server_log
    with running.release(31, run_py=RUN.format(log=str(log)), processes=1) as instance:
        renamed = log.rename(log.with_name("server.log-20261122-160512"))
        deadline = time.monotonic() + 10
        while not log.exists():  # a worker looks once a second, when it is asked something
            assert time.monotonic() < deadline
            running.ask(instance)
        running.ask(instance, "/say/after-the-rotation")
        running.ask(instance, "/fail/x")
        (line,) = answered(running, 1)
        said = log.read_text()
    assert said.startswith("after-the-rotation\n")
    assert " answered 500 after " in line
    assert "after-the-rotation" not in renamed.read_text()


def test_files_and_streams_are_answered_whole(running: House) -> None:
    run_py = RUN.format(log=str(running.app.server_log))
    with running.release(32, run_py=run_py) as instance:
        written = (running.app.release(32) / "run.py").read_bytes()
        assert running.ask(instance, "/file").body == written
        assert running.ask(instance, "/stream").body == b"/stream /stream /stream "
