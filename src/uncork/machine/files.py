"""Files on disk, changed so that a kill at any point leaves the old or the new: write, fsync, rename, fsync(dir)."""

import errno
import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from uncork.errors import UserError
from uncork.machine.copies import copy
from uncork.machine.failure import plain, told_plainly
from uncork.machine.folders import make, make_parents, sync
from uncork.machine.locks import hold, hold_waiting
from uncork.model import Account
from uncork.plan import File, Link, Remove, Room

__all__ = [
    "append",
    "copy",
    "hold",
    "hold_waiting",
    "link",
    "make",
    "names_in",
    "opened",
    "read",
    "remove",
    "room",
    "size",
    "tail",
    "write",
    "written",
]

SECRET_MODE = 0o600
FULL = 1024**2
"""A disk with fewer bytes is as good as full."""


def write(step: File, account: Account | None) -> None:
    """Write a file whole or not at all; a secret one is for the account alone. Raises StepFailedError."""
    why = step.why or f"write {step.path.name}"
    new = step.path.with_name(f".{step.path.name}.new")
    with told_plainly(why, step.path):
        make_parents(step.path.parent)
        try:
            _write_new(new, step, account)
            new.replace(step.path)
        except OSError:
            new.unlink(missing_ok=True)
            raise
        sync(step.path.parent)


def _write_new(new: Path, step: File, account: Account | None) -> None:
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, SECRET_MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(step.content.encode("utf-8", "surrogateescape"))
        file.flush()
        if step.secret and account:
            os.fchown(descriptor, account.uid, account.gid)
        os.fchmod(descriptor, SECRET_MODE if step.secret else step.mode)
        os.fsync(descriptor)


def link(step: Link) -> None:
    """Make a symlink, or move an existing one over by one rename(2). Raises StepFailedError."""
    new = step.path.with_name(f".{step.path.name}.new")
    with told_plainly(step.why or f"link {step.path.name}", step.path):
        make_parents(step.path.parent)
        new.unlink(missing_ok=True)
        new.symlink_to(step.points_to)
        try:
            new.replace(step.path)
        except OSError:
            new.unlink(missing_ok=True)
            raise
        sync(step.path.parent)


def room(step: Room) -> None:
    """See that the disk of a folder is not full. Raises StepFailedError."""
    with told_plainly(step.why or f"write to {step.path.name}", step.path):
        disk = os.statvfs(step.path)
        if disk.f_bavail * disk.f_frsize < FULL:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def remove(step: Remove) -> None:
    """Remove a file, a link or a whole tree; what is not there is fine. Raises StepFailedError.

    A tree is renamed first, so that a kill leaves no half of it under its name; what such a kill left goes too.
    """
    path = step.path
    with told_plainly(step.why or f"remove {path.name}", path):
        for left in path.parent.glob(".*.gone"):
            shutil.rmtree(left, ignore_errors=True)
        try:
            is_tree = stat.S_ISDIR(path.lstat().st_mode)
        except (FileNotFoundError, NotADirectoryError):
            return
        if is_tree:
            with suppress(FileNotFoundError):  # somebody else is removing it as well
                shutil.rmtree(_aside(path))
        else:
            path.unlink(missing_ok=True)
            sync(path.parent)


def _aside(folder: Path) -> Path:
    """Rename a folder that is to go; one of a lower layer of an overlay, as in a container's image, can't be."""
    try:
        return folder.rename(folder.with_name(f".{folder.name}.gone"))
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return folder


def append(path: Path, text: str, mode: int = 0o644) -> None:
    """Append a text, in one write(2), and see it on disk. Raises StepFailedError."""
    with told_plainly(f"append to {path.name}", path):
        make_parents(path.parent)
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, mode)
        try:
            os.write(descriptor, text.encode("utf-8", "surrogateescape"))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read(path: Path) -> str:
    """Return the text of a file. Raises UserError, naming the file, if it can't be read."""
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        raise UserError(f"can't read it: {plain(error, path)}", "mend its permissions, or run `uncork up`") from error


def size(path: Path) -> int:
    """Return the length of a file in bytes; 0 if it is not there."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def written(path: Path) -> float:
    """Return when a file was last written to, in epoch seconds; 0 if it is not there."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def tail(path: Path, since: int, most: int) -> str:
    """Return what was written after the first `since` bytes, at most the last `most` bytes of it; "" if not there.

    A file that has become shorter was rotated: all of it is new.
    """
    length = size(path)
    start = max(since if since <= length else 0, length - most)
    try:
        with opened(path) as file:
            file.seek(start)
            return file.read(most).decode("utf-8", "replace")
    except OSError:
        return ""


def opened(path: Path) -> BinaryIO:
    """Open a file that who serves may have put there: no link is followed, and no pipe waited for. Raises OSError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        raise OSError(errno.ELOOP, "it is a symbolic link, which is not followed", str(path)) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    return os.fdopen(descriptor, "rb")


def names_in(folder: Path) -> tuple[Path, ...]:
    """Return the paths of what is in a folder, sorted by name, hidden names left out; none if it is not there.

    Raises UserError if it can't be read.
    """
    try:
        return tuple(sorted(path for path in folder.iterdir() if not path.name.startswith(".")))
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        raise UserError(f"can't read it: {plain(error, folder)}", "mend its permissions, or use --home") from error
