"""Locks between processes: flock(2) on a file that says who holds it. A dead holder's lock is no lock."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

from uncork.errors import LockedError, UserError
from uncork.machine.failure import plain
from uncork.machine.person import person

POLL: Final = 0.02


@contextmanager
def hold(path: Path) -> Iterator[None]:
    """Hold the lock at that path, or raise LockedError at once, naming who holds it and since when."""
    with hold_waiting(path, 0.0):
        yield


@contextmanager
def hold_waiting(path: Path, seconds: float) -> Iterator[None]:
    """Hold the lock at that path, waiting up to `seconds` until it is free. Raises LockedError if it never was."""
    descriptor = _locked(path, time.monotonic() + seconds)
    try:
        _sign(descriptor)
        yield
    finally:
        os.close(descriptor)


def _sign(descriptor: int) -> None:
    """Say who holds the lock; it is one without that too, on a disk that is full."""
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()} {now} {_holder()}\n".encode("utf-8", "replace"), 0)


def _holder() -> str:
    who = person()
    return f"{who.name} from {who.origin}" if who.origin else who.name


def _locked(path: Path, deadline: float) -> int:
    while True:
        descriptor = _open(path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            if time.monotonic() >= deadline:
                raise _busy(path) from None
            time.sleep(POLL)
            continue
        if _is_at(descriptor, path):
            return descriptor
        os.close(descriptor)


def _open(path: Path) -> int:
    """Python's files close on exec, so that no command we run holds the lock after us."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
    except OSError as error:
        raise UserError(plain(error, path), "mend that, or use another state directory with --home") from error


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether the file we locked is still the one at the path: who held it may have removed it with its folder."""
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    return os.path.samestat(os.fstat(descriptor), there)


def _busy(path: Path) -> LockedError:
    pid, _, rest = _text(path).strip().partition(" ")
    since, _, who = rest.partition(" ")
    holder = f"{who or 'uncork'} with pid {pid}, since {since}" if pid and since else "another uncork"
    return LockedError(
        f"{path.parent} is being changed by {holder}", "wait until it is done, then run this again; or end it"
    )


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
