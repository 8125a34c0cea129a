"""Deploy what another computer sends: its files come over a stream, and what follows goes on without that."""

import json
import signal
from contextlib import suppress
from dataclasses import dataclass, field
from io import BufferedReader
from types import FrameType
from typing import BinaryIO, Final

import msgspec

from uncork.errors import UsageError, UserError
from uncork.layout import Layout
from uncork.machine import files
from uncork.machine.landing import EndedError, Landing, LandingError, Wanted, say
from uncork.model import Locked
from uncork.plan import Remove
from uncork.serving import THIS_MACHINE
from uncork.workflows import journal
from uncork.workflows.apps import named
from uncork.workflows.journal import Journal
from uncork.workflows.offer import python_for
from uncork.workflows.relay import Explain, deploy
from uncork.workflows.up import Sent, UpOptions

SILENCE: Final = 60
"""Seconds without a byte of the source after which nobody sends it any more."""


class Talk:
    """Who sends: what they say comes from a descriptor, what they hear goes to a stream."""

    def __init__(self, says: int, hears: BinaryIO) -> None:
        self.says = says
        self._hears = hears

    def tell(self, line: bytes) -> None:
        """Tell them a line, as it is."""
        self._hears.write(line)
        self._hears.flush()


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
    names: tuple[str, ...] = ()
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
            names=self.names,
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
            with journal.told_now(told):
                _land(layout, order, told, come, gone)
            for note in before:
                told.note(note)
            return deploy(layout, order.options, told, Talk(come.fileno(), gone), explain, hold=order.hold)
    except (BrokenPipeError, EndedError):
        return 1
    except Exception as error:  # noqa: BLE001 -- whatever it is, who listens must know
        with suppress(BrokenPipeError):
            say(gone, {"error": explain(error)})
        return 1


def _order(line: bytes) -> Order:
    try:
        return msgspec.convert(json.loads(line), Order)
    except (ValueError, msgspec.ValidationError) as error:
        fix = "bring both to one version: `uncork server upgrade`"
        raise UsageError(f"this uncork does not understand what is asked of it: {error}", fix) from error


def is_free(layout: Layout, app: str) -> None:
    """Raise LockedError if somebody is changing the app: nobody is to send a project for nothing.

    Raises UsageError for what is no name of an app.
    """
    lock = layout.app(named(app)).lock
    if lock.exists():
        with files.hold(lock):
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
