"""The escape functions against what really reads the configs: uWSGI, nginx, supervisord's parser, a shell."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from uncork.errors import UsageError
from uncork.fronts import nginx
from uncork.machine import sockets, tools
from uncork.servers import uwsgi
from uncork.serving import Protocol
from uncork.supervisors import supervisord

MARKS = (
    "$(HOME)", "@(exec://id)", "%(processes)", "%d", "%%", "%", "$", "${x}", "{", "}", ";", "#", " ;", '"', "'", "\\",
    "\\n", "\n", "\0", " ", "=", "é", "`id`", "x" * 3000, "~", "[", "%(here)s", "%(ENV_HOME)s",
)  # fmt: skip
VALUES = st.lists(st.sampled_from(MARKS) | st.text(max_size=20), max_size=6).map("".join)
# Each example starts a program, so an example is many values.
real = settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))


def accepted(escape: Callable[[str], str], values: list[str]) -> dict[str, str]:
    """The values that are not refused, with what they are escaped to."""
    found = {value: _escaped(escape, value) for value in values}
    return {value: text for value, text in found.items() if text is not None}


def _escaped(escape: Callable[[str], str], value: str) -> str | None:
    try:
        return escape(value)
    except UsageError:
        return None


@real
@given(st.lists(VALUES, min_size=30, max_size=60))
def test_uwsgi_reads_what_was_meant(
    uwsgi_binary: str, tmp_path_factory: pytest.TempPathFactory, values: list[str]
) -> None:
    said = accepted(uwsgi.escape, ["plain", *values, "x%" * 32_000])
    path = tmp_path_factory.mktemp("ini") / "values.ini"
    path.write_text("[uwsgi]\n" + "".join(f"v{n} = {text}\n" for n, text in enumerate(said.values())))
    ask = [word for n in range(len(said)) for word in ("--get", f"v{n}")]
    done = subprocess.run([uwsgi_binary, "--ini", str(path), *ask], capture_output=True, check=True)
    assert done.stdout.decode().split("\n")[:-1] == list(said)


@real
@given(st.lists(VALUES, min_size=30, max_size=60))
def test_nginx_reads_what_was_meant(tmp_path_factory: pytest.TempPathFactory, values: list[str]) -> None:
    said = accepted(nginx.escape, ["plain", *values])
    folder = tmp_path_factory.mktemp("n")
    places = "".join(f"location = /{n} {{ return 200 {text}; }}\n" for n, text in enumerate(said.values()))
    (folder / "nginx.conf").write_text(
        f"daemon off; pid nginx.pid; events {{}} http {{ access_log off; server {{ listen unix:s; {places} }} }}"
    )
    process = subprocess.Popen(
        [tools.nginx(), "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")], cwd=folder
    )
    try:
        answers = [_asked(folder / "s", n) for n in range(len(said))]
    finally:
        process.terminate()
        process.wait()
    assert answers == list(said)


def _asked(socket: Path, number: int) -> str:
    deadline = time.monotonic() + 5
    while not (socket.parent / "nginx.pid").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    return sockets.ask(socket, f"/{number}", Protocol.HTTP, "localhost", 5.0).body.decode()


@given(VALUES)
def test_supervisord_reads_what_was_meant(value: str) -> None:
    from supervisor.options import UnhosedConfigParser

    for escaped in accepted(supervisord.escape, [value]).values():
        parser = UnhosedConfigParser()
        parser.read_string(f"[program:x]\nsocket = {escaped}\nnext = 1\n")
        parser.expand_here("/elsewhere")
        assert parser.saneget("program:x", "socket", expansions={"here": "/elsewhere"}) == value
        assert parser.saneget("program:x", "next") == "1"


@real
@given(st.lists(VALUES, min_size=30, max_size=60))
def test_a_shell_reads_what_was_meant(values: list[str]) -> None:
    said = accepted(supervisord.word, values)
    script = f"exec printf '%s\\0' {' '.join(said.values())}"
    done = subprocess.run(["/bin/sh"], input=script.encode(), capture_output=True, check=True)
    assert done.stdout.decode().split("\0")[:-1] == list(said)
