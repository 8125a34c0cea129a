"""What `uncork logs` says on several machines, merged by time."""

import heapq
import json
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final

from uncork.errors import UserError
from uncork.remote.everywhere import NOT_SET_UP, at_once, called, not_set_up
from uncork.remote.exchange import leave
from uncork.remote.rights import ran
from uncork.remote.ssh import FAILED, Connection, connect

HOLD: Final = 0.5
"""Seconds that a record is kept back, since an older one may be on its way from another machine."""


@dataclass(frozen=True)
class Line:
    """A record, as the machine that wrote it tells it in JSON."""

    host: str
    told: dict[str, object]


@dataclass
class Streams:
    """The logs of machines. What keeps one of them from being read is in `problems`; the others are read on."""

    hosts: Sequence[str]
    words: Sequence[str]
    accept_new: bool = False
    problems: list[UserError] = field(default_factory=list)

    def read(self) -> Iterator[Line]:
        """Yield what is there, by time."""
        with ExitStack() as stack:
            streams = [self._timed(host, stack) for host in self._reached()]
            yield from (line for _, line in heapq.merge(*streams, key=_when))

    def follow(self) -> Iterator[Line]:
        """Yield what is there, and what comes, until the caller stops or no machine says anything more."""
        came: queue.Queue[tuple[str, Line] | None] = queue.Queue()
        with ExitStack() as stack:
            streams = [self._timed(host, stack) for host in self._reached()]
            for stream in streams:
                threading.Thread(target=_pass_on, args=(stream, came), daemon=True).start()
            yield from _in_order(came, len(streams), time.monotonic)

    def _reached(self) -> list[Connection]:
        """Return the connections to those machines that let us in."""

        def reach(host: str) -> Connection | UserError:
            try:
                return connect(host, accept_new=self.accept_new)
            except UserError as error:
                return error

        found = list(at_once(self.hosts, reach))
        self.problems += [one for one in found if isinstance(one, UserError)]
        return [one for one in found if isinstance(one, Connection)]

    def _timed(self, connection: Connection, stack: ExitStack) -> Iterator[tuple[str, Line]]:
        """Yield the records of a machine with their times; one without a time has that of the record before it."""
        process = connection.stream(called(connection, self.words))
        stack.callback(leave, process)
        return self._records(connection, process)

    def _records(self, connection: Connection, process: "subprocess.Popen[bytes]") -> Iterator[tuple[str, Line]]:
        latest = ""
        for text in process.stdout or ():
            told = _object(text)
            if error := told.get("error"):
                self.problems.append(_error(connection.host, error))
            elif "source" in told:
                latest = str(told.get("time") or latest)
                yield latest, Line(connection.host, told)
        try:
            self._ended(connection, process)
        except UserError as error:
            self.problems.append(error)

    def _ended(self, connection: Connection, process: "subprocess.Popen[bytes]") -> None:
        """Raise UserError if it was not by itself that it ended."""
        said = process.stderr.read().decode("utf-8", "replace") if process.stderr else ""
        code = process.wait()
        if code == NOT_SET_UP:
            raise not_set_up(connection.host)
        if code == FAILED:
            fix = "see that the machine is up, and run this again"
            raise UserError(f"{connection.host}: the connection was lost", fix, said)
        ran(connection, code)


def _pass_on(stream: Iterator[tuple[str, Line]], to: "queue.Queue[tuple[str, Line] | None]") -> None:
    for timed in stream:
        to.put(timed)
    to.put(None)


def _in_order(came: "queue.Queue[tuple[str, Line] | None]", streams: int, clock: Callable[[], float]) -> Iterator[Line]:
    """Yield records by their times, each once it has been held; `streams` may still bring some, each ends with None."""
    held: list[tuple[str, int, float, Line]] = []
    count = 0
    while streams or held:
        try:
            timed = came.get(timeout=HOLD / 5)
        except queue.Empty:
            pass
        else:
            streams -= timed is None
            if timed:
                count += 1
                heapq.heappush(held, (timed[0], count, clock() + HOLD, timed[1]))
        while held and (not streams or held[0][2] <= clock()):
            yield heapq.heappop(held)[3]


def _object(text: bytes) -> dict[str, object]:
    try:
        told = json.loads(text)
    except ValueError:  # a login shell may greet whoever comes
        return {}
    return told if isinstance(told, dict) else {}


def _error(host: str, told: object) -> UserError:
    said = told if isinstance(told, dict) else {}
    return UserError(f"{host}: {said.get('problem', '')}", str(said.get("fix", "")), str(said.get("detail", "")))


def _when(timed: tuple[str, Line]) -> str:
    return timed[0]
