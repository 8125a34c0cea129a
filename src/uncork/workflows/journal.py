"""What becomes of each deploy from elsewhere, a line of JSON a step: for who listens now, and for who asks later."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from uncork.layout import Layout
from uncork.machine import files, moments
from uncork.machine.landing import EndedError
from uncork.machine.person import person
from uncork.plan import Directory, Remove

KEPT: Final = 20
LONGEST: Final = 1024**2
ROOTS: Final = 0o700
_SUFFIX: Final = ".jsonl"


class Journal:
    """The journal of one deploy, open for writing; who has it open holds its lock, so that the deploy is known to run.

    A child has it open too. On a disk that is full nothing is written down, and the deploy goes its way all the same.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    def say(self, **told: object) -> None:
        """Write a line down."""
        with suppress(OSError):
            os.write(self._descriptor, json.dumps(told).encode() + b"\n")

    def begin(self, why: str) -> None:
        """Write down that a step has begun: a journal is a Reporter."""
        self.say(begin=why)

    def end(self, why: str, seconds: float) -> None:
        """Write down that it is done."""
        self.say(end=why, seconds=round(seconds, 4))

    def note(self, text: str) -> None:
        """Write down something worth a line."""
        self.say(note=text)

    @property
    def tree(self) -> Path:
        """Where the source lies until it is in its release."""
        return self.path.with_suffix("")


@contextmanager
def opened(layout: Layout, app: str, what: str = "deploy") -> Iterator[Journal]:
    """Begin the journal of a deploy, or another change, and forget the oldest ones."""
    files.make(Directory(layout.deploys, ROOTS), None)
    path, descriptor = _made(layout)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        journal = Journal(path, descriptor)
        journal.say(what=what, app=app, by=person().name, since=moments.now())
        _forget(layout)
        yield journal
    finally:
        os.close(descriptor)


def _made(layout: Layout) -> tuple[Path, int]:
    """Make the next journal. They are numbered, since a machine's clock may be set back."""
    number = 1 + max((int(path.stem) for path in _journals(layout)), default=0)
    while True:
        path = layout.deploys / f"{number:08}{_SUFFIX}"
        with suppress(FileExistsError):
            return path, os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        number += 1


@contextmanager
def told_now(told: Journal) -> Iterator[None]:
    """What goes wrong while somebody listens need not be told to who asks later."""
    try:
        yield
    except (BrokenPipeError, EndedError):
        raise
    except Exception:
        told.say(heard=True)
        raise


def _forget(layout: Layout) -> None:
    """Remove the oldest; that of a deploy which goes on is what keeps its source from being taken for left over."""
    for path in _journals(layout)[:-KEPT]:
        if not _runs(path):
            files.remove(Remove(path))


def left(layout: Layout) -> tuple[Path, ...]:
    """Return the sources that deploys have left which were cut off."""
    trees = (path for path in files.names_in(layout.deploys) if path.is_dir())
    return tuple(path for path in trees if not _runs(path.with_name(f"{path.name}{_SUFFIX}")))


@dataclass(frozen=True)
class Story:
    """What a journal tells. `began`: its source had come, and the deploy itself began; `step` is what it was last at.

    `release` is the one that visitors were sent to, `problem` why it was refused. `heard`: who deployed knows the end.
    """

    what: str = "deploy"
    app: str = ""
    by: str = ""
    since: str = ""
    runs: bool = False
    began: bool = False
    step: str = ""
    release: int | None = None
    done: bool = False
    problem: str = ""
    heard: bool = False


def cut_off(layout: Layout, app: str | None = None) -> tuple[str, ...]:
    """Return what is to be told of deploys: those under way, and for each app the last one, if who deployed lost it."""
    last = {story.app: story for path in _journals(layout) if (story := read(path)).app}
    return tuple(tell(story) for story in last.values() if not story.heard and app in {None, story.app})


def tell(story: Story) -> str:
    """Return what became of a deploy, as a sentence."""
    which = f"the {story.what} of {story.app} by {story.by}, begun at {story.since},"
    if story.runs and not (story.done or story.problem):
        return f"{which} is under way: {story.step or 'its source is on its way'}"
    which = f"{which} lost its connection"
    if not story.began:
        return f"{which} before its source had come, so it changed nothing"
    if story.done:
        return f"{which} and went on: release {story.release} took over"
    if story.problem:
        return f"{which} and was taken back: {story.problem}"
    return f"{which} and was ended at `{story.step}`: the machine was restarted, or somebody killed it"


def read(path: Path) -> Story:
    """Return what a journal tells; a line that is not whole says nothing."""
    said = _Said()
    for line in files.tail(path, 0, LONGEST).splitlines():
        with suppress(ValueError):
            told = json.loads(line)
            if isinstance(told, dict):
                said.take(told)
    return msgspec.convert({**said.fields, "runs": _runs(path)}, Story)


@dataclass
class _Said:
    """The fields of a story, as the lines of its journal give them."""

    fields: dict[str, object] = field(default_factory=dict)

    def take(self, told: Mapping[str, object]) -> None:
        self.fields |= {key: told[key] for key in ("what", "app", "by", "since", "began", "heard") if key in told}
        if "begin" in told:
            self.fields["step"] = told["begin"]
        if "switched" in told:
            self.fields["release"] = told["switched"]
        if "deployed" in told:
            self.fields["done"] = True
        error = told.get("error")
        if isinstance(error, dict):
            self.fields["problem"] = error.get("problem", "")


def _journals(layout: Layout) -> tuple[Path, ...]:
    return tuple(path for path in files.names_in(layout.deploys) if path.suffix == _SUFFIX and path.stem.isdecimal())


def _runs(path: Path) -> bool:
    """Whether somebody has a journal open to write it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
