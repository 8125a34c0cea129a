"""Rotates a log by rename: nothing that was written is lost or doubled, wherever a crash comes. No link is followed."""

import errno
import fcntl
import gzip
import os
import re
import stat
import zlib
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final

from uncork.machine.files import FULL, opened
from uncork.machine.folders import sync

MODE: Final = 0o640
READABLE: Final = 0o666
"""What a file of ours takes over of the mode of another user's, who may have it run as its owner."""
LEVEL: Final = 6
CHUNK: Final = 256 * 1024
BROKEN: Final = (EOFError, zlib.error, gzip.BadGzipFile)
"""What a compressed file raises that a disk has damaged."""
_STAMP: Final = re.compile(r"-(\d{8}-\d{6})(?:\.(\d+))?(\.gz)?")


def rotated(log: Path) -> tuple[Path, ...]:
    """Return what was rotated of a log, oldest first; of one that is being compressed, only what it was before."""
    found: dict[tuple[str, int], Path] = {}
    with suppress(FileNotFoundError), os.scandir(log.parent) as entries:
        for name in sorted(entry.name for entry in entries):
            match = _STAMP.fullmatch(name[len(log.name) :]) if name.startswith(log.name) else None
            if match:
                found.setdefault((match[1], int(match[2] or 0)), log.parent / name)
    return tuple(found[key] for key in sorted(found))


def is_packed(path: Path) -> bool:
    """Return whether a rotated file is compressed."""
    return path.name.endswith(".gz")


def take(log: Path, moment: datetime) -> Path | None:
    """Rename a log for good, put an empty one in its place, and return its new name; None where it is no file.

    Writers go on with the old one until they notice: see `is_left`. `moment` is UTC. Raises OSError, and then the log
    is as it was. Where they are another user they make the empty one, and there has to be room for it.
    """
    if not stat.S_ISREG(log.lstat().st_mode):
        return None
    if _is_of_another(log.parent):
        _see_room(log.parent)
    target = _free(log, moment)
    log.rename(target)
    try:
        put_empty(log)
    except OSError:
        with suppress(FileExistsError):
            os.link(target, log)
            target.unlink()
        raise
    return target


def is_left(path: Path) -> bool:
    """Return whether the writers of a renamed log have left it: those who lock it for each record, and look again.

    Each holds a shared lock from before it looks whether the log has still its name, until it has written. So who has
    had the file to himself once, after the rename, knows that nobody writes to it any more. To lock before the rename
    would be to wait for ever: four busy writers leave no gap between them. The app's own log must have been renamed
    `uncork_runtime.appender.AGAIN` seconds ago by then: for so long a writer goes by its last look.
    """
    with opened(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _free(log: Path, moment: datetime) -> Path:
    """As logrotate's dateext has it, with a number where several are of one second."""
    stamp = f"{log.name}-{moment:%Y%m%d-%H%M%S}"
    number, name = 0, stamp
    while os.path.lexists(log.parent / name) or os.path.lexists(log.parent / f"{name}.gz"):
        number += 1
        name = f"{stamp}.{number}"
    return log.parent / name


def put_empty(log: Path) -> None:
    """Make a log where there is none, if who writes to it is who we are. Raises OSError."""
    if _is_of_another(log.parent):
        return
    try:
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE)
    except FileExistsError:
        return
    os.fchmod(descriptor, MODE)
    os.close(descriptor)


def _is_of_another(folder: Path) -> bool:
    """Whether who writes to the logs there is another user, who could not write to a file of ours."""
    return folder.stat().st_uid not in {0, os.geteuid()}


def _see_room(folder: Path) -> None:
    disk = os.statvfs(folder)
    if disk.f_bavail * disk.f_frsize < FULL:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))


def compress(path: Path, stopping: Callable[[], bool]) -> bool:
    """Put a compressed file in the place of a rotated one that nobody writes to; False if it was not to the end.

    What is there under that name was made of the same file, by one who was killed before it had removed it.
    Raises OSError, and then the file is as it was.
    """
    new = path.with_name(f".{path.name}.gz.new")
    packed = path.with_name(f"{path.name}.gz")
    try:
        with opened(path) as source, _created(new) as to:
            if not _pack(source, to, path.name, stopping):
                return False
        new.rename(packed)
        sync(path.parent)
        path.unlink()
    finally:
        new.unlink(missing_ok=True)
    return True


def _created(path: Path) -> BinaryIO:
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE), "wb")


def _pack(source: BinaryIO, to: BinaryIO, name: str, stopping: Callable[[], bool]) -> bool:
    """Copy it, compressed; return whether that was all of it, and is on disk."""
    before = os.fstat(source.fileno())
    with gzip.GzipFile(name, "wb", LEVEL, to, before.st_mtime) as packer:
        while chunk := source.read(CHUNK):
            if stopping():
                return False
            packer.write(chunk)
    to.flush()
    os.fchmod(to.fileno(), before.st_mode & READABLE)
    os.utime(to.fileno(), ns=(before.st_atime_ns, before.st_mtime_ns))
    os.fsync(to.fileno())
    return source.tell() == os.fstat(source.fileno()).st_size


def prune(log: Path, keep: int, held: Collection[Path]) -> None:
    """Remove all but the last rotated files of a log, but those `held`, which are written to. Raises OSError."""
    files = rotated(log)
    for path in files[: max(0, len(files) - keep)]:
        if path not in held:
            path.unlink(missing_ok=True)
            path.with_name(f"{path.name}.gz").unlink(missing_ok=True)


def tidy(folder: Path) -> None:
    """Remove what one who was killed while it compressed has left in a folder of logs."""
    for left in folder.glob(".*.gz.new"):
        left.unlink(missing_ok=True)
