"""Plain words for what an operating system says when a file can't be written."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from uncork.errors import StepFailedError

WORDS: Final = {
    errno.ENOSPC: "no space left on the device that holds {path}",
    errno.EDQUOT: "the disk quota is used up on the device that holds {path}",
    errno.EROFS: "the file system that holds {path} is read-only",
    errno.EACCES: "no permission to change {path}",
    errno.EPERM: "no permission to change {path}",
    errno.ENAMETOOLONG: "the name is too long: {path}",
    errno.ENOENT: "not found: {path}",
}


def plain(error: OSError, path: Path) -> str:
    """Return what went wrong with that path, as a person would say it."""
    words = WORDS.get(error.errno or 0)
    return words.format(path=path) if words else f"{os.strerror(error.errno or 0)}: {path}"


@contextmanager
def told_plainly(why: str, path: Path) -> Iterator[None]:
    """Turn any OSError inside into a StepFailedError that says why the step was done, and what is wrong with `path`."""
    try:
        yield
    except OSError as error:
        raise StepFailedError(why, plain(error, path)) from error
