"""Waiting until something is so: a release answers, the front does, nobody is left at a socket, a program has ended."""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Final

from uncork.errors import StepFailedError
from uncork.machine import files, sockets, supervisord, systemd
from uncork.machine.supervisord import SupervisorFault
from uncork.machine.wire import REQUEST_ID, UnansweredError
from uncork.model import Program
from uncork.plan import Answer, Drain, Gone, Probe, Warm, Watched
from uncork.report import Reporter
from uncork.servers import SERVERS

SHORTEST: Final = 0.005
LONGEST: Final = 0.05
AFTER_A_REFUSAL: Final = 0.5
ENDED: Final = frozenset({"EXITED", "BACKOFF", "FATAL"})
ENOUGH: Final = 2
BROKEN: Final = 500
GIVEN_UP: Final = 4
"""So many answers of 500, which is a bug; a 503 may be an app that says it is not ready yet."""
AT_ONCE: Final = 64
LOG_LINES: Final = 60
LOG_BYTES: Final = 64 * 1024
INDENT: Final = "    "
"""What the runtime begins the further lines of a record with."""


class _EndedError(Exception):
    """The program that should answer has ended."""


def probe(step: Probe) -> None:
    """Ask until the answer is below `below`. Raises StepFailedError at the deadline, or once the program has ended.

    A connection waits in the server's queue until it is up, so one question usually does; nobody is asked twice
    for as long as an answer may still come.
    """
    logs = _Logs(step)
    watch = _Watch(step)
    told, body, broken = "no answer", "", 0
    for left in _until(step.deadline):
        try:
            watch.look()
            said = sockets.ask(step.socket, step.path, step.speaks, step.host, left, watch.look)
        except _EndedError:
            raise _failed(step, "its server ended before it answered", logs, body) from None
        except TimeoutError:
            told = "no answer"
            continue
        except OSError as error:
            told = f"no answer ({error.strerror or error})"
            continue
        if said.status < step.below:
            return
        told, body = ": ".join(filter(None, (f"the answer was {said.status}", said.plain))), said.excerpt
        broken += said.status == BROKEN
        if broken == GIVEN_UP:
            raise _failed(step, f"{told}, {broken} times", logs, body)
        time.sleep(min(AFTER_A_REFUSAL, left))
    raise _failed(step, f"{told} within {step.deadline:g} s", logs, body)


def _until(deadline: float) -> Iterator[float]:
    """Yield the seconds that are left, pausing between: briefly at first."""
    end = time.monotonic() + deadline
    pause = SHORTEST
    while (left := end - time.monotonic()) > 0:
        yield left
        time.sleep(min(pause, max(0.0, end - time.monotonic())))
        pause = min(2 * pause, LONGEST)


def _failed(step: Probe, reason: str, logs: "_Logs", body: str) -> StepFailedError:
    """What the app wrote since explains it best; else what it answered."""
    return StepFailedError(step.why, f"{step.path}: {reason}", "\n".join(logs.lines()[-LOG_LINES:]) or body)


class _Logs:
    """What is written to the logs of a probe from now on."""

    def __init__(self, step: Probe) -> None:
        self._step = step
        self._since = {path: files.size(path) for path in (step.early_log, step.log, step.app_log) if path}

    def lines(self) -> tuple[str, ...]:
        """What its start script says, all lines of the server's log, and the app's records of probes, each once."""
        script = f"/{self._step.watched.name}.sh:" if self._step.watched else ""
        early = dict.fromkeys(line for line in self._came(self._step.early_log) if script and script in line)
        return (*early, *self._came(self._step.log), *_once(_of_probes(self._came(self._step.app_log))))

    def _came(self, path: Path | None) -> list[str]:
        return files.tail(path, self._since[path], LOG_BYTES).splitlines() if path else []


def _of_probes(lines: list[str]) -> Iterator[str]:
    """Yield the records with a probe's id, and the lines that belong to them: what is live writes there as well."""
    about = False
    for line in lines:
        about = REQUEST_ID in line or (about and line.startswith(INDENT))
        if about:
            yield line


def _once(lines: Iterable[str]) -> Iterator[str]:
    """Leave out records that say what one before has said, at another time: each question may fail in the same way."""
    records: dict[tuple[str, ...], list[str]] = {}
    record: list[str] = []
    for line in (*lines, ""):
        if not line.startswith(INDENT):
            records.setdefault((*(first.partition(" ")[2] for first in record[:1]), *record[1:]), record)
            record = []
        record.append(line)
    return chain.from_iterable(records.values())


class _Watch:
    """Looks whether the program still runs; supervisord starts an ended one again, so it looks more than once."""

    def __init__(self, step: Probe) -> None:
        self._step = step
        self._seen = 0
        self._next = time.monotonic() + sockets.TICK

    def look(self) -> None:
        """Raise _EndedError when the program was seen ended often enough; look no more than ten times a second."""
        now = time.monotonic()
        watched = self._step.watched
        if watched is None or now < self._next:
            return
        self._next = now + sockets.TICK
        self._seen += _state(watched) in ENDED
        if self._seen >= ENOUGH:
            raise _EndedError


def _state(watched: Watched) -> str:
    if watched.supervisor is None:
        return systemd.state(watched.name)
    found = supervisord.programs(watched.supervisor) or ()
    return next((program.state for program in found if program.name == watched.name), "")


def warm(step: Warm, report: Reporter) -> None:
    """Ask, as many at once as there are workers, until each has answered; after `most` seconds it is only noted."""
    cold = step.workers
    for left in _until(step.most):
        _ask_at_once(step, left)
        workers = SERVERS[step.server].workers(sockets.read_stats(step.stats))
        # Those that a server keeps back until there is more to do are not there to be warmed.
        cold = min(step.workers, len(workers)) - sum(1 for worker in workers if worker.requests)
        if cold <= 0 or not workers:
            return
    report.note(f"workers that had not answered after {step.most:g} s: {cold} of {step.workers}")


def _ask_at_once(step: Warm, seconds: float) -> None:
    one = step.probe

    def ask() -> None:
        with suppress(OSError):
            sockets.ask(one.socket, one.path, one.speaks, one.host, seconds)

    asking = [threading.Thread(target=ask) for _ in range(min(step.workers, AT_ONCE))]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()


def answer(step: Answer) -> None:
    """Ask the front until it answers anything. Raises StepFailedError at the deadline.

    uWSGI's router closes the connection, where the app that it would ask is stopped or gone: it is there all the same.
    """
    for left in _until(step.deadline):
        try:
            sockets.ask_front(step.address, step.port, "localhost", "/", min(left, 1.0))
        except UnansweredError:
            return
        except OSError:
            continue
        return
    raise StepFailedError(step.why, f"nobody answered at {step.address}:{step.port} within {step.deadline:g} s")


def drain(step: Drain, report: Reporter) -> None:
    """Wait until nobody is at the socket any more; after `most` seconds what is still there is only noted."""
    time.sleep(step.least)
    load = sockets.waiting(step.socket)
    for _ in _until(step.most - step.least):
        if load is None or load.idle:
            return
        load = sockets.waiting(step.socket)
    if load and not load.idle:
        report.note(f"connections still open after {step.most:g} s, and given up: {load.open + load.queued}")


def gone(step: Gone) -> None:
    """Wait until no process of the program runs, its holder neither. Raises StepFailedError after `most` seconds.

    Each question makes supervisord notice at once what has ended. Where no supervisord answers, nothing runs; one
    that is shutting down refuses to say, but still answers. A program with no name is supervisord itself.
    """
    for _ in _until(step.most):
        if step.stats:
            sockets.read_stats(step.stats)
        try:
            found = supervisord.processes(step.socket)
        except SupervisorFault:
            continue
        if found is None or (step.program and not any(p.running and step.program in _names(p) for p in found)):
            return
    raise StepFailedError(step.why, f"{step.program or 'supervisord'} still runs after {step.most:g} s")


def _names(process: Program) -> tuple[str, str]:
    """A process is named `group:name`; a step means either all of the group or one process."""
    return process.name, process.name.partition(":")[0]
