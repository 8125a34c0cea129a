"""A state directory of a test's own, the command that acts on it, and what is left of it afterwards."""

import http.client
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Final, cast

from tests.e2e import starter
from tests.load.client import Load, Schedule, Shot

PROJECTS: Final = Path(__file__).parents[1] / "projects"
EXAMPLES: Final = Path(__file__).parents[2] / "examples"
# What an earlier run or a shell may have set, and that would decide for the test.
MEANINGFUL: Final = (
    "UNCORK_HOME",
    "UNCORK_ENV",
    "FLASK_APP",
    "FLASK_ENV",
    "FLASK_DEBUG",
    "MY_FLASK_ENV",
    "PYTHONPATH",
    "PYTHONDONTWRITEBYTECODE",
)

Json = dict[str, "JsonValue"]
JsonValue = str | int | float | bool | None | list["JsonValue"] | Json


@dataclass(frozen=True)
class Done:
    """A command that ended: its exit code, and what it wrote."""

    argv: tuple[str, ...]
    code: int
    out: str
    err: str
    seconds: float

    @property
    def said(self) -> str:
        """All that a person would have seen."""
        return self.out + self.err

    def json(self) -> Json:
        """The one object on stdout."""
        return cast("Json", json.loads(self.out))

    def ok(self) -> "Done":
        """Itself, if it succeeded."""
        return self.ended(0)

    def ended(self, code: int) -> "Done":
        """Itself, if it ended with that code."""
        assert self.code == code, f"{self.argv} exited {self.code}, not {code}\n{self.said}"
        assert "Traceback (most recent call last)" not in self.err or "uncork/cli" not in self.err, self.err
        return self


@dataclass(frozen=True)
class Reply:
    """A response of the front."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    def json(self) -> Json:
        """The body as an object."""
        return cast("Json", json.loads(self.body))


@dataclass
class Uncork:
    """The command against one state directory, and the site that it serves."""

    root: Path
    port: int
    env: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        """The state directory."""
        return self.root / "home"

    def environment(self) -> dict[str, str]:
        """What the command is given."""
        kept = {k: v for k, v in os.environ.items() if k not in MEANINGFUL}
        return {**kept, "NO_COLOR": "1", "COLUMNS": "200", **self.env}

    def command(self, *args: str) -> tuple[str, ...]:
        """The command's words: the verb, the state directory, the rest."""
        verbs = 2 if args[0] in {"cache", "config", "alerts", "maintenance"} else 1
        return (sys.executable, "-m", "uncork", *args[:verbs], "--home", str(self.home), *args[verbs:])

    def run(self, *args: str, stdin: str = "", timeout: float = 120.0, cwd: Path | None = None) -> Done:
        """Run it to its end."""
        start = time.monotonic()
        argv = self.command(*args)
        ended = starter.run(argv[3:], stdin, self.environment(), cwd or self.root, timeout)
        return Done(argv, *ended, time.monotonic() - start)

    def begin(self, *args: str) -> subprocess.Popen[str]:
        """Start it, and don't wait."""
        return subprocess.Popen(
            self.command(*args), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=self.environment(), cwd=self.root,
        )  # fmt: skip

    def up(self, project: Path, *args: str) -> Done:
        """Deploy that project on the test's port."""
        return self.run("up", str(project), "--port", str(self.port), *args)

    def get(self, path: str = "/", host: str = "localhost", **headers: str) -> Reply:
        """GET a path of the site."""
        return self.ask("GET", path, host=host, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def ask(
        self, method: str, path: str, body: bytes | None = None, host: str = "localhost",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:  # fmt: skip
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, {"Host": f"{host}:{self.port}", **(headers or {})})
            response = connection.getresponse()
            return Reply(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    def load(self, rate: float = 200.0, shots: tuple[Shot, ...] | None = None, **more: str | float) -> Load:
        """Requests at that rate while a `with` block runs."""
        schedule = Schedule(self.port, rate, **({"shots": shots} if shots else {}), **more)  # type: ignore[arg-type]
        return Load(schedule)

    def processes(self) -> dict[int, str]:
        """The processes of this state directory, whoever their parent is: pid -> command line."""
        return dict(_processes_of(str(self.home)))

    def listed(self, verb: str, key: str) -> list[Json]:
        """The objects that a verb lists under a key."""
        return cast("list[Json]", self.run(verb, "--json").json()[key])

    def app(self, name: str = "hello") -> Json:
        """What `status` says of an app."""
        return next(a for a in self.listed("status", "apps") if a["name"] == name)

    def workers(self) -> list[int]:
        """The pids of the processes that answer, as `status` tells."""
        return [int(str(w["pid"])) for w in cast("list[Json]", self.app()["workers"])]

    def release(self) -> int:
        """The release that answers."""
        return int(self.get().text.split()[1])

    def files(self) -> dict[str, bytes]:
        """Every regular file under the state directory; the agent's come and go."""
        found: dict[str, bytes] = {}
        for path in _regular(self.home):
            with suppress(FileNotFoundError):
                found[str(path.relative_to(self.home))] = path.read_bytes()
        return found


def _regular(root: Path) -> Iterator[Path]:
    return (p for p in root.rglob("*") if p.is_file() and not p.is_symlink())


def _processes_of(home: str) -> Iterator[tuple[int, str]]:
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        try:
            argv = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            marks = argv + (entry / "environ").read_bytes().decode(errors="replace") + str((entry / "cwd").readlink())
        except OSError:  # it is gone, or somebody else's
            continue
        if f"{home}/" in marks or marks.endswith(home):
            yield int(entry.name), argv


def gone(pids: Callable[[], Mapping[int, str]], within: float = 5.0) -> Mapping[int, str]:
    """What is still there after that many seconds at most; nothing, if all is well."""
    deadline = time.monotonic() + within
    while (left := pids()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def eventually(check: Callable[[], bool], within: float = 10.0) -> float:
    """Seconds until it was so; fails if it was not in time."""
    start = time.monotonic()
    while not check():
        assert time.monotonic() - start < within, f"not so within {within} s"
        time.sleep(0.02)
    return time.monotonic() - start


# Of their own for each worker of pytest-xdist, and below those that the kernel gives to outgoing connections: tests
# open thousands of them, any of which might get a port between its choice and its use.
_PORTS: Final = range(20_000 + 500 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]), 32_000)[:500]
_shuffled: Final = cycle(random.sample(_PORTS, len(_PORTS)))


def free_port() -> int:
    """A port that nobody listens on, and that nobody else is given for a long time."""
    return next(port for port in _shuffled if _is_free(port))


def _is_free(port: int) -> bool:
    with socket.socket() as listener, suppress(OSError):
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("0.0.0.0", port))
        return True
    return False


def copied(project: str, to: Path, folder: Path = PROJECTS) -> Path:
    """A copy of a test's project, to be changed at will."""
    return shutil.copytree(folder / project, to, ignore=shutil.ignore_patterns("__pycache__", "instance", ".venv"))


def rewrite(file: Path, old: str, new: str) -> None:
    """Change one text of a file."""
    text = file.read_text()
    assert old in text, f"{file} does not hold {old!r}"
    file.write_text(text.replace(old, new))


@contextmanager
def state() -> Iterator[Uncork]:
    """A state directory that the account that serves can reach; at the end nothing of it may run any more."""
    root = Path(tempfile.mkdtemp(prefix="unc-", dir="/tmp"))
    root.chmod(0o755)
    uncork = Uncork(root, free_port())
    try:
        yield uncork
        if (uncork.home / "supervisor").exists():
            uncork.run("down").ok()
        left = gone(uncork.processes)
        assert not left, f"still there after `down`: {left}"
    finally:
        for pid in uncork.processes():
            os.kill(pid, 9)
        shutil.rmtree(root, ignore_errors=True)
