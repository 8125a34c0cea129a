"""An open-loop load client: it sends on a fixed schedule whatever the server does, from a process of its own.

A latency counts from when the request was due. A GET on a reused connection that the server closed before any byte of
an answer is sent once more on a new one, as RFC 9110 (9.2.2) and RFC 9112 (9.3.1) let a client do; each is counted.
"""

import asyncio
import itertools
import json
import re
import ssl
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, final

from tests.load.connection import Answer, BrokenError, Connection, open_connection
from tests.load.result import Failure, Result, Sample

RELEASE: Final = re.compile(rb"release (\d+)")
SWEEP: Final = 0.1


@dataclass(frozen=True)
class Shot:
    """A kind of request, and the status it must be answered with. A POST's body must come back in the answer's."""

    path: str = "/"
    method: str = "GET"
    status: int = 200


GET: Final = Shot()
POST: Final = Shot("/echo", "POST")


@dataclass(frozen=True)
class Schedule:
    """What to send: `rate` a second, the shots in turn, each `fresh`-th on a connection of its own (0: none).

    By HTTPS, if `authority` names the file of the CA that visitors trust.
    """

    port: int
    rate: float
    shots: tuple[Shot, ...] = (GET, GET, GET, POST)
    fresh: int = 3
    timeout: float = 20.0
    host: str = "127.0.0.1"
    name: str = "localhost"
    authority: str = ""


@final
class Load:
    """Sends in the background, from a process of its own, while the `with` block runs; then `result` is there."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self._process: subprocess.Popen[bytes] | None = None
        self._result: Result | None = None

    @property
    def result(self) -> Result:
        """What was seen; only after the `with` block."""
        assert self._result is not None, "the load is still running"
        return self._result

    def __enter__(self) -> "Load":
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.load.client"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(asdict(self.schedule)).encode() + b"\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == b"begun\n"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process
        out, _ = self._process.communicate(timeout=self.schedule.timeout + 20)
        seen = json.loads(out)
        self._result = Result(
            seen["sent"],
            tuple(Sample(*s) for s in seen["samples"]),
            tuple(Failure(*f) for f in seen["failures"]),
            tuple(seen["retries"]),
            seen["lag"],
        )


class Client:
    """The client itself, in its own process."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.stopping = asyncio.Event()
        self.samples: list[Sample] = []
        self.failures: list[Failure] = []
        self.retries: list[float] = []
        self.lag = 0.0
        self._idle: list[Connection] = []
        self._trusting = ssl.create_default_context(cafile=schedule.authority) if schedule.authority else None
        self._busy: dict[Connection, float] = {}

    async def run(self) -> int:
        """Send until told to stop, and wait for what is on its way; returns how many were sent."""
        sweeper = asyncio.create_task(self._sweep())
        under_way: set[asyncio.Task[None]] = set()
        start = time.monotonic()
        for number in itertools.count():
            due = start + number / self.schedule.rate
            await self._until(due)
            if self.stopping.is_set():
                break
            self.lag = max(self.lag, time.monotonic() - due)
            task = asyncio.create_task(self._request(number, due))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        if under_way:
            await asyncio.wait(under_way)
        sweeper.cancel()
        return number

    async def _until(self, due: float) -> None:
        left = due - time.monotonic()
        if left > SWEEP:
            try:
                await asyncio.wait_for(self.stopping.wait(), left)
            except (TimeoutError, asyncio.TimeoutError):  # they are one from Python 3.11 on
                return
        elif left > 0:
            await asyncio.sleep(left)

    async def _request(self, number: int, due: float) -> None:
        shot = self.schedule.shots[number % len(self.schedule.shots)]
        fresh = bool(self.schedule.fresh) and number % self.schedule.fresh == 0
        body = f"echo {number} {due}".encode() if shot.method == "POST" else b""
        connection = self._reusable() if not fresh else None
        reused, again = connection is not None, False
        while True:
            try:
                connection = connection or await self._open()
                answer = await self._exchange(connection, self._bytes(shot, body, fresh=fresh), fresh=fresh)
            except BrokenError as broken:
                if shot.method == "GET" and reused and not again and not broken.answered and broken.kind == "reset":
                    self.retries.append(time.monotonic())
                    connection, again = None, True
                    continue
                self._fail(shot, due, connection, broken.kind, broken.detail)
                return
            self._note(shot, due, connection, answer, body)
            return

    async def _open(self) -> Connection:
        return await open_connection(self.schedule.host, self.schedule.port, self._trusting, self.schedule.name)

    async def _exchange(self, connection: Connection, request: bytes, *, fresh: bool) -> Answer:
        self._busy[connection] = time.monotonic() + self.schedule.timeout
        try:
            answer = await connection.ask(request)
        finally:
            self._busy.pop(connection, None)
        if fresh or answer.closing:
            connection.close()
        else:
            self._idle.append(connection)
        return answer

    def _reusable(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if not connection.closed:
                return connection
        return None

    def _bytes(self, shot: Shot, body: bytes, *, fresh: bool) -> bytes:
        length = f"Content-Length: {len(body)}\r\n" if shot.method == "POST" else ""
        closing = "Connection: close\r\n" if fresh else ""
        head = f"{shot.method} {shot.path} HTTP/1.1\r\nHost: {self.schedule.name}\r\n{length}{closing}\r\n"
        return head.encode() + body

    def _note(self, shot: Shot, due: float, connection: Connection, answer: Answer, body: bytes) -> None:
        release = RELEASE.search(answer.body)
        if answer.status != shot.status:
            self._fail(shot, due, connection, "status", str(answer.status))
        elif body not in answer.body:
            self._fail(shot, due, connection, "wrong body", answer.body[:60].decode(errors="replace"))
        elif not release:
            self._fail(shot, due, connection, "no release", answer.body[:60].decode(errors="replace"))
        else:
            self.samples.append(Sample(due, connection.opened, time.monotonic(), shot.method, int(release[1])))

    def _fail(self, shot: Shot, due: float, connection: Connection | None, kind: str, detail: str) -> None:
        now = time.monotonic()
        age = now - connection.opened if connection else 0.0
        reused = connection is not None and connection.exchanges > 1
        self.failures.append(Failure(due, now, kind, shot.method, shot.path, age, reused, detail))

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP)
            now = time.monotonic()
            for connection in [c for c, deadline in self._busy.items() if deadline < now]:
                connection.give_up("timeout")


async def main() -> None:
    """Read a schedule from stdin, send until stdin ends, print what was seen."""
    told = json.loads(sys.stdin.buffer.readline())
    shots = tuple(Shot(**shot) for shot in told.pop("shots"))
    client = Client(Schedule(shots=shots, **told))
    asyncio.get_running_loop().add_reader(0, client.stopping.set)
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    sent = await client.run()
    seen = {"sent": sent, "samples": client.samples, "failures": client.failures, "retries": client.retries}
    json.dump({**seen, "lag": client.lag}, sys.stdout)


if __name__ == "__main__":
    asyncio.run(main())
