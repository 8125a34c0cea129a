"""What each stack has to go through, several of them at once: a deploy mostly waits, and there are many."""

import os
import resource
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import Final, TypeVar

from tests.e2e.breakage import BREAKAGES, Breakage
from tests.e2e.stacks import Stack
from tests.e2e.state import Json, Uncork, gone, rewrite, state
from tests.load.client import GET
from tests.load.result import Result

T = TypeVar("T")
AT_ONCE: Final = 4
DEPLOYS: Final = 20
KEPT: Final = 10_000
SLOW: Final = 3_000
BATCH: Final = 250
# One of each kind that a server has a part in: what fails before there is any is the same with all of them.
KINDS: Final = ("death at boot", "hang at boot", "health 500", "health hang")
ASK: Final = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
FORGED: Final = {"X_Real_IP": "6.6.6.6", "X_Forwarded_For": "6.6.6.6", "X_Forwarded_Proto": "https"}
# All connections of a trial are of this process, which may not have those of two.
_connections: Final = Lock()


@dataclass(frozen=True)
class Deploys:
    """What visitors saw of so many deploys, and when each was done."""

    result: Result
    returned: dict[int, float]
    leftover: tuple[str, ...]
    pinned: tuple[str, ...]


@dataclass(frozen=True)
class Refusal:
    """What became of a broken release: what was said, what visitors saw, and what was started and is there still."""

    breakage: Breakage
    code: int
    said: str
    result: Result
    leftover: tuple[str, ...]
    serves: bool


@dataclass(frozen=True)
class Crowd:
    """What a front with a crowd before it does, and what others saw meanwhile.

    `refused` are the statuses of 64 KB of headers: in one field, which nobody takes, and in 16, which Apache does.
    """

    kept: int
    still: int
    refused: tuple[int, ...]
    within: int
    result: Result


@dataclass(frozen=True)
class Trial:
    """The trial of one stack; what went wrong in a part of it is raised by its future."""

    visitor: "Future[Json]"
    refusals: "Future[tuple[Refusal, ...]]"
    crowd: "Future[Crowd]"
    deploys: "Future[Deploys]"
    ended: "Future[None]"


@contextmanager
def trials(stacks: Iterable[Stack]) -> Iterator[dict[str, Trial]]:
    """The trials of these stacks, which go on while they are asked for."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        made = {stack.name: Trial(Future(), Future(), Future(), Future(), Future()) for stack in stacks}
        for stack in stacks:
            pool.submit(_try, stack, made[stack.name])
        yield made


def _try(stack: Stack, trial: Trial) -> None:
    try:
        with state() as uncork, stack.beside(uncork):
            project = stack.project(uncork.root / "hello")
            uncork.up(project).ok()
            _settle(trial.visitor, lambda: uncork.get("/about", **FORGED).json())
            _settle(trial.deploys, lambda: _deploys(uncork, stack))
            _settle(trial.refusals, lambda: tuple(_refusal(uncork, stack, kind) for kind in KINDS))
            if stack.keeps:
                _settle(trial.crowd, lambda: _crowd(uncork))
    except BaseException as error:  # noqa: BLE001 -- it is for the tests to raise
        for future in (trial.visitor, trial.refusals, trial.crowd, trial.deploys, trial.ended):
            if not future.done():
                future.set_exception(error)
    else:
        trial.ended.set_result(None)


def _settle(future: "Future[T]", part: "Callable[[], T]") -> None:
    try:
        future.set_result(part())
    except BaseException as error:  # noqa: BLE001 -- the same
        future.set_exception(error)


def _fresh(uncork: Uncork, stack: Stack) -> Path:
    project = uncork.root / "hello"
    for file in sorted(project.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    project.rmdir()
    return stack.project(project)


def _refusal(uncork: Uncork, stack: Stack, kind: str) -> Refusal:
    breakage = next(one for one in BREAKAGES if one.name == kind)
    project, before, serves = _fresh(uncork, stack), set(_servers(uncork)), uncork.release()
    breakage.break_it(project)
    with uncork.load(50) as load:
        done = uncork.up(project)
    left = gone(lambda: {pid: argv for pid, argv in _servers(uncork).items() if pid not in before})
    return Refusal(breakage, done.code, done.said, load.result, tuple(left.values()), uncork.release() == serves)


def _servers(uncork: Uncork) -> dict[int, str]:
    """All but the agent, which each command starts again if uncork itself has changed."""
    return {pid: argv for pid, argv in uncork.processes().items() if "uncork.agent" not in argv}


def _deploys(uncork: Uncork, stack: Stack) -> Deploys:
    project, returned, text = _fresh(uncork, stack), dict[int, float](), "one"
    with uncork.load(40) as load, ThreadPoolExecutor() as pool:
        for number in range(2, DEPLOYS + 2):
            slow = pool.submit(uncork.get, "/slow?s=3") if number == DEPLOYS // 2 else None
            time.sleep(0.3 if slow else 0)
            text, old = f"deploy-{number}", text
            rewrite(project / "app.py", f'"{old}"', f'"{text}"')
            assert uncork.up(project, "--json").ok().json()["release"] == number
            returned[number] = time.monotonic()
            assert f"text {text} " in uncork.get().text
            assert not slow or slow.result().text.startswith(f"release {number - 1} ")
    pinned = gone(lambda: {pid: argv for pid, argv in uncork.processes().items() if not _on_all_cores(pid)})
    return Deploys(load.result, returned, tuple(_of_older(uncork, number)), tuple(pinned.values()))


def _on_all_cores(pid: int) -> bool:
    try:
        return all(
            os.sched_getaffinity(int(thread.name)) == os.sched_getaffinity(0)
            for thread in Path(f"/proc/{pid}/task").iterdir()
        )
    except (FileNotFoundError, ProcessLookupError):
        return True


def _of_older(uncork: Uncork, number: int) -> Iterator[str]:
    return (a for a in uncork.processes().values() if "/releases/" in a and f"/releases/{number}/" not in a)


def _crowd(uncork: Uncork) -> Crowd:
    with _connections, ExitStack() as held:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, KEPT + SLOW + 1000)), hard))
        kept = [held.enter_context(one) for one in _opened(uncork.port, KEPT, ASK, answered=True)]
        for one in _opened(uncork.port, SLOW, ASK[:-12], answered=False):
            held.enter_context(one)
        with uncork.load(50, (GET,)) as load:
            refused = tuple(_status(uncork.port, field) for field in ("X: " + "x" * 65_536, *_many()))
            within = uncork.get("/", X_Big="x" * 7000, X_Bigger="y" * 7000, X_More="z" * 7000).status
            still = sum(_answered(one) for one in _asked(kept[:: KEPT // 500]))
            time.sleep(1)
        return Crowd(len(kept), still, refused, within, load.result)


def _many() -> tuple[str, ...]:
    return ("\r\n".join(f"X-{number}: {'x' * 4000}" for number in range(16)),)


def _opened(port: int, number: int, said: bytes, *, answered: bool) -> Iterator[socket.socket]:
    """Connections that have said something, and have got an answer."""
    left = iter(range(number))
    while batch := [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in islice(left, BATCH)]:
        for one in batch:
            one.sendall(said)
        for one in batch:
            assert not answered or _answered(one)
            yield one


def _asked(connections: list[socket.socket]) -> list[socket.socket]:
    for one in connections:
        one.sendall(ASK)
    return connections


def _answered(connection: socket.socket) -> bool:
    return connection.recv(4096).startswith(b"HTTP/1.1 200 ")


def _status(port: int, fields: str) -> int:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(f"GET / HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n\r\n".encode())
        answer = connection.recv(4096)
    return int(answer[9:12]) if answer.startswith(b"HTTP/1.1 ") else 0
