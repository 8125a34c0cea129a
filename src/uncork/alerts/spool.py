"""What the workers have spooled: taken by a rename that no writer is in the middle of, read, and put away."""

import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from uncork.alerts.occurrence import LONGEST
from uncork.machine.files import opened

TAKEN: Final = ".taken-"
TRIES: Final = 100
PAUSE: Final = 0.001


def is_filled(path: Path) -> bool:
    """Return whether anything is in the file."""
    try:
        return path.stat(follow_symlinks=False).st_size > 0
    except OSError:
        return False


def take(path: Path) -> None:
    """Rename the file, if anything is in it: the next writer begins a new one.

    A writer that was stopped in the middle of its line is not waited for; the next call finds it done. Raises OSError.
    """
    if not is_filled(path):
        return
    with opened(path) as file:
        if _locked(file):
            path.rename(path.with_name(f"{path.name}{TAKEN}{secrets.token_hex(8)}"))


def _locked(file: BinaryIO) -> bool:
    for _ in range(TRIES):
        if _lock(file):
            return True
        time.sleep(PAUSE)
    return False


def _lock(file: BinaryIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def taken(folder: Path) -> tuple[Path, ...]:
    """Return the files that were taken and not put away yet; none if the folder is not there."""
    try:
        names = [name for name in os.listdir(folder) if TAKEN in name]  # noqa: PTH208 -- each second: Path costs more
    except FileNotFoundError:
        return ()
    return tuple(folder / name for name in sorted(names))


def lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a file from where it stands; one that never ends is none, and comes in pieces."""
    while line := file.readline(LONGEST):
        yield line
