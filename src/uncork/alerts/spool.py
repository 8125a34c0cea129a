"""What the workers have spooled: taken by a rename, and told once its writers have left it."""

import os
import secrets
import stat
from pathlib import Path
from typing import Final

from uncork.machine.rotation import is_left

TAKEN: Final = ".taken-"
FOREIGN: Final = ".foreign-"


def take(path: Path) -> None:
    """Rename the file, if anything is in it: the next writer begins a new one. Raises OSError.

    What is no file at all, as a folder or a link that somebody made, goes out of the way, or nothing would come again.
    """
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    is_file = stat.S_ISREG(found.st_mode)
    if found.st_size or not is_file:
        path.rename(path.with_name(f"{path.name}{TAKEN if is_file else FOREIGN}{secrets.token_hex(8)}"))


def taken(folder: Path) -> tuple[Path, ...]:
    """Return the files that were taken, not put away yet, and left by their writers; none if the folder is not there.

    One whose writer was stopped in the middle of its line is not waited for; the next call finds it done.
    """
    try:
        names = [name for name in os.listdir(folder) if TAKEN in name]  # noqa: PTH208 -- each second: Path costs more
    except FileNotFoundError:
        return ()
    return tuple(folder / name for name in sorted(names) if is_left(folder / name))
