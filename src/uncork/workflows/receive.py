"""Deploy what another computer sends: its files come over a stream, and what follows goes on without that."""

import json
import os
import select
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from io import BufferedReader
from types import FrameType
from typing import BinaryIO, Final

import msgspec

from uncork.errors import UsageError, UserError
from uncork.layout import Layout
from uncork.machine import files
from uncork.machine.detached import detached
from uncork.machine.landing import EndedError, Landing, LandingError, Wanted, say
from uncork.model import Locked
from uncork.plan import Remove
from uncork.serving import THIS_MACHINE
from uncork.workflows import journal
from uncork.workflows.journal import Journal
from uncork.workflows.offer import python_for
from uncork.workflows.take_over import Deployed
from uncork.workflows.up import Sent, UpOptions, up

LOOK: Final = 0.02
"""How often it is looked whether the deploy has told something, in seconds."""
SILENCE: Final = 60
"""Seconds without a byte of the source after which nobody sends it any more."""
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


@dataclass(frozen=True)
class Order:
    """What is to be deployed, as who sends it says. `files` are (name, mode, SHA-256, length).

    `beside` names those that are no part of the project: its certificate, say. `python` is what the project asks for,
    and `server` what is to serve it: they are looked at before anything is copied. `hold`: once visitors are on the
    release, who sent it says whether they stay. The rest is as in `UpOptions`.
    """

    app: str
    folder: str
    files: tuple[tuple[str, int, str, int], ...]
    beside: tuple[str, ...] = ()
    environment: str | None = None
    target: str = THIS_MACHINE
    host: str = ""
    port: int | None = None
    bind: str | None = None
    environ: dict[str, str] = field(default_factory=dict)
    python: str = ""
    server: str = "uwsgi"
    locked: Locked | None = None
    trusted: tuple[str, ...] = ()
    hold: bool = False

    @property
    def options(self) -> UpOptions:
        """What a deploy is told of it."""
        names = tuple(name for name, *_ in self.files if name not in self.beside)
        sent = Sent(self.folder, names)
        return UpOptions(
            environment=self.environment,
            port=self.port,
            bind=self.bind,
            environ=self.environ,
            target=self.target,
            host=self.host,
            sent=sent,
            locked=self.locked,
            trusted=self.trusted,
        )


def receive(layout: Layout, come: BufferedReader, gone: BinaryIO, explain: Explain) -> int:
    """Hear what is to be deployed, take what is lacking of it, deploy it, and tell all as it happens.

    Returns the exit code. The deploy is a process of its own: it neither needs nor notices who listens.
    """
    try:
        order = _order(come.readline())
        is_free(layout, order.app)
        python_for(order.python, order.server)
        before = journal.cut_off(layout, order.app)
        with journal.opened(layout, order.app) as told:
            with _told_now(told):
                _land(layout, order, told, come, gone)
            for note in before:
                told.note(note)
            return _watched(layout, order, told, Listener(come.fileno(), gone), explain)
    except (BrokenPipeError, EndedError):
        return 1
    except Exception as error:  # noqa: BLE001 -- whatever it is, who listens must know
        with suppress(BrokenPipeError):
            say(gone, {"error": explain(error)})
        return 1


@contextmanager
def _told_now(told: Journal) -> Iterator[None]:
    """What goes wrong while somebody listens need not be told to who asks later."""
    try:
        yield
    except (BrokenPipeError, EndedError):
        raise
    except Exception:
        told.say(heard=True)
        raise


def _order(line: bytes) -> Order:
    try:
        return msgspec.convert(json.loads(line), Order)
    except (ValueError, msgspec.ValidationError) as error:
        fix = "bring both to one version: `uncork server upgrade`"
        raise UsageError(f"this uncork does not understand what is asked of it: {error}", fix) from error


def is_free(layout: Layout, app: str) -> None:
    """Raise LockedError if somebody is changing the app: nobody is to send a project for nothing."""
    if layout.app(app).lock.exists():
        with files.hold(layout.app(app).lock):
            pass


def _land(layout: Layout, order: Order, told: Journal, come: BufferedReader, gone: BinaryIO) -> None:
    """Have the files in the folder of the journal; what releases or cut-off deploys have need not come."""
    paths = layout.app(order.app)
    numbers = sorted((int(path.name) for path in files.names_in(paths.releases) if path.name.isdecimal()), reverse=True)
    left = journal.left(layout)
    known = [str(folder) for folder in (*map(paths.source, numbers), *left)]
    landing = Landing(str(told.tree), [Wanted(*one) for one in order.files], known)
    try:
        lacking = landing.lacking()
        say(gone, {"lacking": lacking})
        landing.take(_Patient(come), lacking)
    except EndedError:
        raise
    except LandingError as error:
        raise UserError(error.problem, error.fix) from error
    for folder in left:
        files.remove(Remove(folder))


class _Patient:
    """A stream that is waited for, but not for good."""

    def __init__(self, stream: BufferedReader) -> None:
        self._stream = stream
        signal.signal(signal.SIGALRM, _give_up)

    def read(self, most: int) -> bytes:
        """Read as much as there is."""
        signal.alarm(SILENCE)
        try:
            return self._stream.read1(most)
        finally:
            signal.alarm(0)


def _give_up(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 -- signal's signature
    raise EndedError(f"nothing has come for {SILENCE} s", "run it again: what has come need not come again")


@dataclass(frozen=True)
class Listener:
    """Who deploys: what they say comes from a descriptor, what they hear goes to a stream."""

    says: int
    hears: BinaryIO

    def tell(self, line: bytes) -> None:
        """Tell a line of the journal."""
        self.hears.write(line)

    def flush(self) -> None:
        """See that it is heard. Raises BrokenPipeError if nobody does."""
        self.hears.flush()


def _watched(layout: Layout, order: Order, told: Journal, listener: Listener, explain: Explain) -> int:
    """Deploy it in a child, and tell what that writes down, for as long as somebody listens."""
    verdict, words = os.pipe()
    told.say(began=True)

    def act() -> int:
        os.close(words)
        return _deploy(layout, order, told, verdict, explain)

    pid = detached(act, f"uncork-deploy-{told.path.stem}" if layout.machine else "")
    os.close(verdict)
    with told.path.open("rb") as lines:
        return _Relay(pid, listener, lines, words, told).run()


def _deploy(layout: Layout, order: Order, told: Journal, verdict: int, explain: Explain) -> int:
    def settle(done: Deployed) -> bool:
        told.say(switched=done.release, url=done.url)
        return not order.hold or _stays(verdict)

    try:
        done = up(layout, told.tree, order.options, told, settle)
        told.say(deployed=asdict(done))
    except BaseException as error:  # noqa: BLE001 -- there is nobody else to tell
        failure = explain(error)
        told.say(error=failure)
        code = failure.get("code")
        return code if isinstance(code, int) else 1
    finally:
        with suppress(Exception):
            files.remove(Remove(told.tree))
    return 0


def _stays(verdict: int) -> bool:
    """Wait for a word of who deploys. One who is gone leaves it as it is, as does one who says nothing any more."""
    said = b""
    while select.select([verdict], [], [], WORD)[0]:
        part = os.read(verdict, 4096)
        said += part
        if not part or KEEP in said.split(b"\n"):
            return True
        if BACK in said.split(b"\n"):
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
        self._says: list[int] = [listener.says]
        self._rest = b""

    def run(self) -> int:
        """Tell what is written down until the deploy ends, and return its exit code."""
        self._lines.readline()
        while True:
            ended, status = os.waitpid(self._pid, os.WNOHANG)
            self._tell()
            if ended:
                self._wait_heard()
                return os.waitstatus_to_exitcode(status)
            self._listen(LOOK)

    def _tell(self) -> None:
        whole, _, self._rest = (self._rest + self._lines.read()).rpartition(b"\n")
        for line in whole.split(b"\n") if whole else ():
            self._listener.tell(line + b"\n")
        self._listener.flush()

    def _listen(self, seconds: float) -> None:
        """Hear what is said within that time; it is for the deploy, unless it is an end of it, or of the talk."""
        if not select.select(self._says, [], [], seconds)[0]:
            return
        said = os.read(self._listener.says, 4096)
        if not said or HEARD_IT in said.split(b"\n"):
            self._says = []
            os.close(self._words)
        if HEARD_IT in said.split(b"\n"):
            self._told.say(heard=True)
        elif STOP in said.split(b"\n"):
            os.kill(self._pid, signal.SIGTERM)
        elif said:
            with suppress(BrokenPipeError):
                os.write(self._words, said)

    def _wait_heard(self) -> None:
        deadline = time.monotonic() + HEARD
        while self._says and time.monotonic() < deadline:
            self._listen(LOOK)
