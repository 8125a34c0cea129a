"""A deploy on one machine: what it lacks is sent, and its own uncork does the rest, told here as it happens."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Final

import msgspec

from uncork.errors import UserError
from uncork.remote.everywhere import called
from uncork.remote.exchange import Exchange, LostError, exchange
from uncork.remote.progress import step
from uncork.remote.source import Source
from uncork.remote.ssh import Connection
from uncork.remote.transfer import pour
from uncork.remote.wheels import send_wheels
from uncork.report import Reporter
from uncork.workflows.receive import Order
from uncork.workflows.relay import BACK, HEARD_IT, KEEP, STOP
from uncork.workflows.take_over import Deployed

PULSE: Final = 3.0
"""How often a machine that holds a deploy is told that we are still there, in seconds."""

_DEPLOYED: Final = msgspec.json.Decoder(Deployed)
"""Made by the one thread that imports it: msgspec 0.22 crashes where several are the first to read a dataclass."""


class HostDeploy:
    """A deploy that goes on on a machine. Losing the connection to it harms nothing: it goes on, or reverts, there."""

    def __init__(self, talk: Exchange, report: Reporter, *, holds: bool) -> None:
        self._talk = talk
        self._report = report
        self._holds = holds
        self._settled = threading.Event()
        self._done: Deployed | None = None

    @property
    def host(self) -> str:
        """The machine, as the user calls it."""
        return self._talk.host

    def switched(self) -> None:
        """Wait until visitors are on the new release. Raises what refused it, or LostError."""
        told = self._until("switched")
        if self._holds and "deployed" not in told:
            threading.Thread(target=self._pulse, daemon=True).start()

    def keep(self) -> None:
        """Say that the new release stays: one that is held."""
        self._say(KEEP)

    def back(self) -> None:
        """Say that what served before is to serve again; `result` raises RefusedError once it does."""
        self._say(BACK)

    def stop(self) -> None:
        """Have it taken back, if it is not done: who deploys has thought better of it."""
        self._say(STOP)

    def result(self) -> Deployed:
        """Wait for the end, and return what serves then. Raises what refused it, or LostError."""
        if self._done is None:
            self._until("deployed")
        if self._done is None:
            raise TypeError("it has no result")
        return self._done

    def _until(self, key: str) -> dict[str, object]:
        """Pass on what is told until that is, or the end."""
        try:
            for told in self._talk.lines():
                self._pass_on(told)
                if "deployed" in told:
                    self._done = _DEPLOYED.decode(json.dumps(told["deployed"]))
                    self._say(HEARD_IT)
                if key in told or self._done:
                    return told
        except LostError as lost:
            self._settled.set()
            raise LostError(
                lost.problem,
                f"it goes on there, or is taken back, by itself: `uncork status --host {self.host}` says which",
                lost.detail,
            ) from lost
        except UserError:
            self._say(HEARD_IT)
            raise
        raise TypeError("talks do not end without a word")

    def _pass_on(self, told: dict[str, object]) -> None:
        seconds = told.get("seconds")
        if "begin" in told:
            self._report.begin(str(told["begin"]))
        elif "end" in told and isinstance(seconds, float | int):
            self._report.end(str(told["end"]), float(seconds))
        elif "note" in told:
            self._report.note(str(told["note"]))

    def settle(self) -> None:
        """Tell the machine no more that we are there."""
        self._settled.set()

    def _say(self, word: bytes) -> None:
        self.settle()
        self._talk.say(word + b"\n")

    def _pulse(self) -> None:
        while not self._settled.wait(PULSE):
            self._talk.say(b"\n")


@contextmanager
def deploy_to(
    connection: Connection, source: Source, report: Reporter, *, hold: bool = False, order: Order | None = None
) -> Iterator[HostDeploy]:
    """Begin a deploy on a machine, and give it once its source is there. With `hold` it waits for `keep` or `back`.

    Raises UserError, LostError where the connection was lost before anything was changed there.
    """
    order = replace(order or source.order(connection.names), hold=hold)
    if source.sends_wheels and not order.locked:
        order = replace(order, locked=send_wheels(connection, source.found, report))
    with exchange(connection, called(connection, ("receive",))) as talk:
        with step(report, f"send what {connection.host} lacks"):
            talk.say(json.dumps(msgspec.to_builtins(order)).encode(), b"\n")
            pour(talk, source.files)
        with _going(talk, report, holds=hold) as going:
            yield going


@contextmanager
def held(connection: Connection, words: tuple[str, ...], said: bytes, report: Reporter) -> Iterator[HostDeploy]:
    """Have a machine's uncork carry out a verb that reads `said`, and is held as a deploy is. Raises UserError."""
    with exchange(connection, called(connection, words)) as talk:
        talk.say(said)
        with _going(talk, report, holds=True) as going:
            yield going


@contextmanager
def _going(talk: Exchange, report: Reporter, *, holds: bool) -> Iterator[HostDeploy]:
    going = HostDeploy(talk, report, holds=holds)
    try:
        yield going
    finally:
        going.settle()


def deploy(connection: Connection, source: Source, report: Reporter) -> Deployed:
    """Deploy to one machine, and return what serves there then. Raises UserError.

    Who interrupts it has it taken back there, unless it is done by then.
    """
    with deploy_to(connection, source, report) as going:
        try:
            return going.result()
        except KeyboardInterrupt:
            report.note("having it taken back there ...")
            going.stop()
            with suppress(UserError):
                return going.result()
            raise
