"""SQLite files that several processes use at once; one that is broken is put aside, and a new one begun."""

import logging
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

LOG: Final = logging.getLogger("uncork")
PATIENCE: Final = 5.0
"""Seconds that a writer waits for another one."""

Prepare = Callable[[sqlite3.Connection], None]


def connected(path: Path, prepare: Prepare) -> sqlite3.Connection:
    """Open a database, made for its owner's eyes only if need be; `prepare` sees to its tables.

    One that is none (a crash of the disk, say) is put aside as `.broken`. Raises OSError or sqlite3.Error.
    """
    try:
        return _prepared(path, prepare)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        _put_aside(path)
        return _prepared(path, prepare)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Let all that is changed inside be there afterwards, or nothing of it; no other writer comes between."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _prepared(path: Path, prepare: Prepare) -> sqlite3.Connection:
    with suppress(FileExistsError):
        # Not opened where it is there: closing it would take the locks of other threads with it (fcntl(2)).
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
    try:
        prepare(connection)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _put_aside(path: Path) -> None:
    LOG.error("%s is broken: it is put aside as %s.broken, and a new one is begun", path, path.name)
    for end in ("", "-wal", "-shm"):
        file = path.with_name(path.name + end)
        with suppress(FileNotFoundError):
            file.rename(path.with_name(f"{path.name}.broken{end}"))
