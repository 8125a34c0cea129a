"""A change in a process of its own, a deploy mostly, and the line between it and who listens."""

import json
import os
import select
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import BinaryIO, Final, Protocol

from uncork.errors import ExitCode
from uncork.layout import Layout
from uncork.machine import files
from uncork.machine.detached import detached
from uncork.plan import Remove
from uncork.report import Reporter
from uncork.workflows.journal import Journal
from uncork.workflows.take_over import Deployed, Settle
from uncork.workflows.up import UpOptions, up

LOOK: Final = 0.02
"""How often it is looked whether the deploy has told something, in seconds."""
WORD: Final = 15.0
"""Seconds without a word of who holds a deploy after which it stays: they say one every few seconds."""
HEARD: Final = 5.0
"""Seconds that who deployed has to say that they heard the end."""
KEEP: Final = b"keep"
BACK: Final = b"back"
STOP: Final = b"stop"
HEARD_IT: Final = b"heard"

Explain = Callable[[BaseException], Mapping[str, object]]
"""Says of an error what people are told, with its exit `code`."""

Change = Callable[[Reporter, Settle], Deployed]
"""Has visitors go to another run of the app, and asks once they do whether they stay."""


class Listener(Protocol):
    """Who deploys."""

    @property
    def says(self) -> int | None:
        """The descriptor that what they say comes from; None if they say nothing, and hear what they are told."""

    def tell(self, line: bytes) -> None:
        """Tell them a line of the journal. Raises BrokenPipeError if nobody hears it."""


def deploy(
    layout: Layout, options: UpOptions, told: Journal, listener: Listener, explain: Explain, *, hold: bool = False
) -> int:
    """Deploy the source of a journal in a child, as `carry_out` does."""

    def act(report: Reporter, settle: Settle) -> Deployed:
        return up(layout, told.tree, options, report, settle)

    return carry_out(layout, act, told, listener, explain, hold=hold)


def carry_out(
    layout: Layout, change: Change, told: Journal, listener: Listener, explain: Explain, *, hold: bool
) -> int:
    """Make a change in a child, and tell what that writes down, for as long as somebody listens.

    With `hold` who listens says whether visitors stay on the release. Returns the exit code.
    """
    verdict, words = os.pipe()
    told.say(began=True)

    def act() -> int:
        os.close(words)
        return _act(change, told, verdict if hold else None, explain)

    pid = detached(act, f"uncork-deploy-{told.path.stem}" if layout.machine else "")
    os.close(verdict)
    with told.path.open("rb") as lines:
        return _Relay(pid, listener, lines, words, told).run()


def _act(change: Change, told: Journal, verdict: int | None, explain: Explain) -> int:
    """Make it, and return the exit code. The source goes before the end is told: a full disk has room for it then."""

    def settle(done: Deployed) -> bool:
        told.say(switched=done.release, url=done.url)
        return verdict is None or _stays(verdict)

    try:
        done = change(told, settle)
    except BaseException as error:  # noqa: BLE001 -- there is nobody else to tell
        failure = explain(error)
        _clear(told)
        told.say(error=failure)
        code = failure.get("code")
        return code if isinstance(code, int) else int(ExitCode.ERROR)
    _clear(told)
    told.say(deployed=asdict(done))
    return int(ExitCode.OK)


def _clear(told: Journal) -> None:
    with suppress(Exception):
        files.remove(Remove(told.tree))


def _stays(verdict: int) -> bool:
    """Wait for a word of who deploys. One who is gone leaves it as it is, as does one who says nothing any more."""
    said = b""
    try:
        while select.select([verdict], [], [], WORD)[0]:
            part = os.read(verdict, 4096)
            said += part
            if not part or KEEP in said.split(b"\n"):
                return True
            if BACK in said.split(b"\n"):
                return False
    except KeyboardInterrupt:
        return False
    return True


class _Relay:
    """Between a deploy and who listens: what it writes down goes there, what they say comes back."""

    def __init__(self, pid: int, listener: Listener, lines: BinaryIO, words: int, told: Journal) -> None:
        self._pid = pid
        self._listener = listener
        self._lines = lines
        self._words = words
        self._told = told
        self._says = [] if listener.says is None else [listener.says]
        self._rest = b""
        self._ended = False

    def run(self) -> int:
        """Tell what is written down until the deploy ends, and return its exit code."""
        self._lines.readline()
        while True:
            ended, status = os.waitpid(self._pid, os.WNOHANG)
            self._tell()
            if ended:
                code = os.waitstatus_to_exitcode(status)
                self._end(code)
                return code
            self._listen(LOOK)

    def _tell(self) -> None:
        whole, _, self._rest = (self._rest + self._lines.read()).rpartition(b"\n")
        for line in whole.split(b"\n") if whole else ():
            self._ended |= line.startswith((b'{"deployed"', b'{"error"'))
            self._listener.tell(line + b"\n")

    def _end(self, code: int) -> None:
        """See that who listens has heard the end, also of a deploy that could not write it down.

        Its number may be another process's by now: who still says `stop` has no one ended.
        """
        self._pid = 0
        if not self._ended:
            problem = f"the deploy ended without a word, with status {code}"
            error = {"problem": problem, "fix": "see what serves: `uncork status`; is a disk full?", "code": 1}
            self._listener.tell(json.dumps({"error": error}).encode() + b"\n")
        if self._listener.says is None:
            self._told.say(heard=True)
        deadline = time.monotonic() + HEARD
        while self._says and time.monotonic() < deadline:
            self._listen(LOOK)

    def _listen(self, seconds: float) -> None:
        """Hear what is said within that time; it is for the deploy, unless it is an end of it, or of the talk."""
        if not select.select(self._says, [], [], seconds)[0]:
            return
        said = os.read(self._says[0], 4096)
        words = said.split(b"\n")
        if HEARD_IT in words:
            self._told.say(heard=True)
        if not said or HEARD_IT in words:
            self._says = []
            os.close(self._words)
        elif STOP in words and self._pid:
            os.kill(self._pid, signal.SIGTERM)
        else:
            with suppress(BrokenPipeError):
                os.write(self._words, said)
