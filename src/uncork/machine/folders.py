"""Folders, made with the mode and the owner that they should have whatever the umask."""

import grp
import os
import stat
from pathlib import Path
from typing import Final

from uncork.errors import StepFailedError
from uncork.machine.failure import told_plainly
from uncork.model import Account
from uncork.plan import Directory

EVERYBODYS: Final = stat.S_ISVTX | stat.S_IWOTH


def make(step: Directory, account: Account | None) -> None:
    """Make a folder, its parents too, or give one that is there the mode and the owner it should have.

    `serving` gives it to the account; else, if the group may enter and others may not, it gets the account's group,
    unless the step names another.
    Raises StepFailedError.
    """
    with told_plainly(step.why or f"make the folder {step.path}", step.path):
        make_parents(step.path.parent)
        try:
            step.path.mkdir(0o700)
            sync(step.path.parent)
        except FileExistsError:
            _refuse_strangers(step.path)
            _refuse_everybodys(step.path)
        descriptor = os.open(step.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            _own(descriptor, step, account)
        finally:
            os.close(descriptor)


def _own(descriptor: int, step: Directory, account: Account | None) -> None:
    """Change only what differs: who may not change the owner may still use a folder that is right already."""
    is_so = os.fstat(descriptor)
    uid, gid = is_so.st_uid, is_so.st_gid
    if account and step.serving:
        uid, gid = account.uid, account.gid
    elif account and step.mode & 0o070 and not step.mode & 0o007:
        gid = account.gid
    if step.group:
        gid = _group(step)
    if (uid, gid) != (is_so.st_uid, is_so.st_gid):
        os.fchown(descriptor, uid, gid)
    if stat.S_IMODE(os.fstat(descriptor).st_mode) != step.mode:
        os.fchmod(descriptor, step.mode)


def _group(step: Directory) -> int:
    try:
        return grp.getgrnam(step.group).gr_gid
    except KeyError:
        raise StepFailedError(step.why or f"make the folder {step.path}", f"there is no group {step.group}") from None


def make_parents(folder: Path) -> None:
    """Make a folder and its parents, each 0755, where they are not there. Raises OSError or StepFailedError."""
    if folder.is_dir():
        _refuse_strangers(folder)
        return
    make_parents(folder.parent)
    try:
        folder.mkdir(0o755)
    except FileExistsError:
        return
    folder.chmod(0o755)
    sync(folder.parent)


def sync(folder: Path) -> None:
    """See a folder's names on disk, as after a rename."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refuse_everybodys(folder: Path) -> None:
    """Refuse /tmp itself: it must stay everybody's, and what everybody may make files in is no place for ours."""
    if stat.S_IMODE(folder.lstat().st_mode) & EVERYBODYS == EVERYBODYS:
        raise StepFailedError(f"use {folder}", "anybody may make files in it; name a folder of its own, inside it say")


def _refuse_strangers(folder: Path) -> None:
    """Refuse a folder that somebody else made where everybody may, as in /tmp, to read or replace our files."""
    mine = {0, os.geteuid()}
    for path in (folder, *folder.parents):
        made = path.lstat()
        if made.st_uid not in mine and stat.S_IMODE(path.parent.stat().st_mode) & EVERYBODYS == EVERYBODYS:
            owner = f"the user with the number {made.st_uid}"
            raise StepFailedError(f"use {path}", f"it belongs to {owner}, in a folder where anybody may make one")
