"""What is told of requests, and that only what is late ends a process; contract tests end real ones."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from uncork_runtime import watch

Environ = dict[str, object]
Start = Callable[[str, list[tuple[str, str]]], object]
REQUEST: Environ = {"REQUEST_METHOD": "GET", "HTTP_X_REQUEST_ID": "an-id-of-1", "PATH_INFO": "/secret"}
LATE = """
import sys, threading, time
from uncork_runtime.watch import Watch


def app(environ, start):
    time.sleep(environ["sleep"])
    start("200 OK", [])
    return [b"x"]


watched = Watch(0.3, "WINCH").over(app)


def ask(seconds):
    watched({"REQUEST_METHOD": "GET", "sleep": seconds}, lambda *_: None)
    print(seconds, flush=True)


threading.Thread(target=ask, args=(60,), daemon=True).start()
time.sleep(0.2)
ask(0.25)
time.sleep(60)
"""


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(watch, "_write", said.append)
    return said


def answered(app: Callable[[Environ, Start], Iterable[bytes]]) -> list[bytes]:
    result = watch.Watch(30.0, "TERM").over(app)(dict(REQUEST), lambda *_: None)  # type: ignore[arg-type]
    parts = list(result)
    close = getattr(result, "close", None)
    if close:
        close()
    return parts


def test_what_failed_is_told_by_its_id_without_its_url(told: list[str]) -> None:
    def app(_environ: Environ, start: Start) -> list[bytes]:
        start("503 Service Unavailable", [])
        return [b"no"]

    assert answered(app) == [b"no"]
    (line,) = told
    assert "GET [id=an-id-of-1] answered 503 after 0 ms by pid " in line
    assert "secret" not in line


def test_what_went_well_is_not_told(told: list[str]) -> None:
    def app(_environ: Environ, start: Start) -> list[bytes]:
        start("200 OK", [])
        return [b"yes"]

    answered(app)
    assert not told


def test_a_stream_counts_until_it_is_closed(told: list[str]) -> None:
    closed = []

    class Stream:
        def __iter__(self) -> Iterator[bytes]:
            yield from (b"a", b"b")

        def close(self) -> None:
            closed.append(True)

    def app(_environ: Environ, start: Start) -> Iterable[bytes]:
        start("500 Internal Server Error", [])
        return Stream()

    assert answered(app) == [b"a", b"b"]
    assert closed == [True]
    assert len(told) == 1


def test_a_late_request_ends_its_process_once_the_others_are_answered(tmp_path: Path) -> None:
    script = tmp_path / "late.py"
    script.write_text(LATE)
    source = str(Path(watch.__file__).parents[1])
    begun = time.monotonic()
    ended = subprocess.run(
        [sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": source},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (1, "0.25\n")
    assert "is given up after 0.3 s" in ended.stderr
    assert 'time.sleep(environ["sleep"])' in ended.stderr
    assert time.monotonic() - begun < 20
