"""The agent of a real state directory: rotation under load, kills of it at any moment, a full disk, `down` and `up`."""

import gzip
import http.client
import itertools
import os
import re
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.state import Done, Uncork, copied, eventually, gone
from tests.e2e.test_full_disk import fill, small
from uncork.machine import processes
from uncork.machine.rotation import rotated
from uncork.records import decode_agent

SAYING: Final = """

app.logger.setLevel("INFO")


@app.get("/say/<int:number>")
def say(number: int) -> str:
    print(f"printed {number} " + "." * 400, flush=True)
    app.logger.info("logged %s " + "." * 400, number)
    return named()


@app.get("/log/<int:number>")
def log(number: int) -> str:
    app.logger.info("logged %s " + "." * 400, number)
    return named()
"""
SMALL: Final = """
[tool.uncork.logging]
rotate_size = "64k"
keep = {keep}
"""
__all__ = ["small"]

LOGS: Final = {"access.log": rb'"uri":"/say/(\d+)"', "server.log": rb"printed (\d+)", "app.log": rb"logged (\d+)"}


def saying(uncork: Uncork, keep: int = 10_000, more: str = "") -> Path:
    """A project whose every request leaves a line in each of its three logs, which are small."""
    project = copied("hello", uncork.root / "hello")
    with (project / "app.py").open("a") as file:
        file.write(SAYING)
    with (project / "pyproject.toml").open("a") as file:
        file.write(SMALL.format(keep=keep) + more)
    return project


def agents(uncork: Uncork) -> list[int]:
    """The agents that are there; a start script is none yet."""
    return [pid for pid, argv in uncork.processes().items() if " -m uncork.agent " in argv and " nice " not in argv]


def logs(uncork: Uncork) -> Path:
    return uncork.home / "apps" / "hello" / "logs"


def content(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def said(uncork: Uncork, name: str) -> Counter[int]:
    """How often each request's number is in a log and what was rotated of it."""
    log = logs(uncork) / name
    while True:
        try:
            texts = [content(path) for path in (*rotated(log), log)]
        except FileNotFoundError:  # one was compressed while we read
            continue
        return Counter(int(number) for text in texts for number in re.findall(LOGS[name], text))


class Asking:
    """Asks for one number after another on some connections, until it is stopped."""

    def __init__(self, uncork: Uncork, path: str = "/say", connections: int = 4) -> None:
        self._path = path
        self._port = uncork.port
        self._numbers = itertools.count()
        self._stopping = threading.Event()
        self.asked: list[int] = []
        self.failed: list[str] = []
        self._threads = [threading.Thread(target=self._ask) for _ in range(connections)]

    def _ask(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        while not self._stopping.is_set():
            number = next(self._numbers)
            connection.request("GET", f"{self._path}/{number}")
            response = connection.getresponse()
            response.read()
            self.asked.append(number)
            if response.status != 200:
                self.failed.append(f"{number}: {response.status}")
            time.sleep(0.004)
        connection.close()

    def __enter__(self) -> "Asking":  # noqa: PYI034 -- Self is not in Python 3.10
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()


def rotations(uncork: Uncork) -> int:
    """Of the log that was rotated least."""
    return min(len(rotated(logs(uncork) / name)) for name in LOGS)


def exactly_once(uncork: Uncork, asked: list[int]) -> None:
    wanted = Counter(asked)
    assert set(wanted.values()) == {1}
    for name in LOGS:
        eventually(lambda name=name: said(uncork, name).total() >= wanted.total())  # type: ignore[misc]
        found = said(uncork, name)
        assert found == wanted, f"{name}: lost {list(wanted - found)[:5]}, doubled {list(found - wanted)[:5]}"


def all_packed(uncork: Uncork) -> bool:
    """Whether each rotated log is compressed; a worker leaves its old one at its next request."""
    uncork.get()
    return all(path.suffix == ".gz" for name in LOGS for path in rotated(logs(uncork) / name))


def test_under_load_each_request_print_and_record_is_in_the_logs_once_whatever_happens_to_the_agent(
    uncork: Uncork,
) -> None:
    uncork.up(saying(uncork)).ok()
    with Asking(uncork) as asking:
        eventually(lambda: rotations(uncork) >= 3, 60)
        for count in range(4, 9):
            eventually(lambda: bool(agents(uncork)))
            for pid in agents(uncork):
                os.kill(pid, signal.SIGKILL)
            eventually(lambda count=count: rotations(uncork) >= count, 60)  # type: ignore[misc]
        uncork.run("restart").ok()
        eventually(lambda: rotations(uncork) >= 12, 60)
    assert not asking.failed
    exactly_once(uncork, asking.asked)
    eventually(lambda: all_packed(uncork), 30)
    exactly_once(uncork, asking.asked)
    left = [path.name for path in logs(uncork).iterdir() if path.name.startswith(".")]
    assert not left
    assert "Traceback" not in (uncork.home / "logs" / "agent.log").read_text()


def test_as_many_old_logs_are_kept_as_were_asked_for(uncork: Uncork) -> None:
    uncork.up(saying(uncork, keep=2)).ok()
    with Asking(uncork):
        eventually(lambda: rotations(uncork) >= 1, 60)
        first = {name: rotated(logs(uncork) / name)[0].name.removesuffix(".gz") for name in LOGS}
        eventually(lambda: not any(list(logs(uncork).glob(f"{name}*")) for name in first.values()), 60)
    eventually(lambda: all_packed(uncork) and all(len(rotated(logs(uncork) / name)) == 2 for name in LOGS), 60)


def test_a_log_that_is_old_is_rotated_however_small(uncork: Uncork) -> None:
    uncork.up(saying(uncork, more='rotate_age = "3s"')).ok()
    uncork.get()
    eventually(lambda: len(rotated(logs(uncork) / "access.log")) >= 1, 30)
    uncork.get()
    eventually(lambda: len(rotated(logs(uncork) / "access.log")) >= 2, 30)


def state_of(uncork: Uncork) -> str:
    path = uncork.home / "agent" / "state.json"
    return path.read_text() if path.exists() else '{"pid": 0, "time": ""}'


def test_a_killed_agent_is_back_by_itself(shared: Uncork) -> None:
    eventually(lambda: len(agents(shared)) == 1)
    (before,) = agents(shared)
    os.kill(before, signal.SIGKILL)
    eventually(lambda: agents(shared) not in ([], [before]))
    eventually(lambda: shared.run("status").code == 0)
    assert shared.run("status", "--json").json()["agent"] == "running"


def test_an_agent_that_is_there_is_left_alone_by_a_deploy(shared: Uncork) -> None:
    eventually(lambda: len(agents(shared)) == 1)
    before = agents(shared)
    shared.up(shared.root / "hello").ok()
    assert agents(shared) == before


def test_of_two_agents_only_one_works(shared: Uncork) -> None:
    eventually(lambda: len(agents(shared)) == 1)
    lock = shared.home / "agent" / "lock"
    (old,) = agents(shared)
    eventually(lambda: lock.read_text().startswith(f"{old} "))
    argv = Path(f"/proc/{old}/cmdline").read_text().split("\0")[:-1]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, cwd="/", text=True) as second:
        assert second.stdout
        assert "waits: " in second.stdout.readline()
        assert lock.read_text().startswith(f"{old} ")
        second.terminate()
        assert second.wait(10) == 0


def test_down_ends_the_agent_and_up_brings_it_back(shared: Uncork) -> None:
    shared.run("down").ok()
    assert not gone(lambda: dict.fromkeys(agents(shared), ""))
    assert shared.run("status", "--json").json()["agent"] == "down"
    shared.up(shared.root / "hello").ok()
    eventually(lambda: len(agents(shared)) == 1)
    shared.run("status").ok()


def test_an_agent_that_a_killed_supervisor_left_is_ended_by_up(shared: Uncork) -> None:
    eventually(lambda: len(agents(shared)) == 1)
    before = agents(shared)
    os.kill(int((shared.home / "run" / "supervisord.pid").read_text()), signal.SIGKILL)
    assert agents(shared) == before
    assert shared.run("status", "--json").json()["agent"] == "failed"
    shared.up(shared.root / "hello").ok()
    eventually(lambda: len(agents(shared)) == 1)
    assert agents(shared) != before


def _says_that_it_failed(status: Done) -> bool:
    return status.code == 5 and "agent failed" in status.out


def test_status_ends_with_5_where_the_agent_should_run_and_does_not(shared: Uncork) -> None:
    """Its start script is broken; the next deploy puts that right."""
    script = shared.home / "supervisor" / "programs" / "agent.sh"
    script.write_text("exit 1\n")
    eventually(lambda: bool(agents(shared)))
    for pid in agents(shared):
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: _says_that_it_failed(shared.run("status")))
    assert shared.get().status == 200
    shared.up(shared.root / "hello").ok()
    eventually(lambda: shared.run("status").code == 0)


def test_plan_shows_an_agent_that_would_be_started(hello: Path, uncork: Uncork) -> None:
    planned = uncork.run("plan", str(hello), "--json").ok().json()
    assert {"why": "start the agent", "command": "supervisor.startProcessGroup agent False"} in planned["commands"]  # type: ignore[operator]


def test_what_a_destroyed_app_had_is_let_go(shared: Uncork) -> None:
    project = copied("plain", shared.root / "plain")
    shared.up(project, "--port", str(shared.port)).ok()
    eventually(lambda: "plain/server.log" in decode_agent(state_of(shared)).logs, 15)
    shared.run("destroy", "--app", "plain", "--yes").ok()
    eventually(lambda: "plain/server.log" not in decode_agent(state_of(shared)).logs, 15)
    assert not (shared.home / "apps" / "plain").exists()
    assert not any("deleted" in target for pid in agents(shared) for target in targets(pid))


def targets(pid: int) -> Iterator[str]:
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            yield str(entry.readlink())


def test_on_a_full_disk_no_request_fails_and_what_was_not_logged_is_told_once_there_is_room(small: Uncork) -> None:
    small.up(saying(small, more='rotate_age = "2s"')).ok()
    with Asking(small, "/log") as before:
        eventually(lambda: len(before.asked) >= 100)
    filler = fill(small.home, 0)
    with Asking(small, "/log") as asking:
        eventually(lambda: any("No space left" in str(trouble) for trouble in small.listed("status", "troubles")), 30)
    assert "trouble: hello: logs can't be" in small.run("status").ok().out
    assert small.get().status == 200
    filler.unlink()
    with Asking(small, "/log") as after:
        eventually(lambda: len(after.asked) >= 200)
    assert not (*before.failed, *asking.failed, *after.failed)
    asked = len(before.asked) + len(asking.asked) + len(after.asked)
    eventually(lambda: sum(written(small)) == asked)
    assert written(small)[1] > 0
    eventually(lambda: not small.listed("status", "troubles"), 90)


def written(uncork: Uncork) -> tuple[int, int]:
    """How many records are in app.log, and how many it says could not be."""
    log = logs(uncork) / "app.log"
    text = b"".join(content(path) for path in (*rotated(log), log) if path.exists())
    return len(re.findall(rb"logged \d+", text)), sum(int(n) for n in re.findall(rb"(\d+) records? could not", text))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start it as another")
def test_started_by_root_the_agent_is_the_account_that_serves_for_good(shared: Uncork) -> None:
    eventually(lambda: len(agents(shared)) == 1)
    account = processes.account()
    assert account
    (agent,) = agents(shared)
    lock = shared.home / "agent" / "lock"
    eventually(lambda: lock.read_text().startswith(f"{agent} "))
    status = dict(line.split(":\t") for line in Path(f"/proc/{agent}/status").read_text().splitlines() if ":\t" in line)
    assert status["Uid"].split() == [str(account.uid)] * 4
    assert status["Gid"].split() == [str(account.gid)] * 4
    assert status["Groups"].split() == [str(account.gid)]
    assert int(status["CapPrm"], 16) == 0
