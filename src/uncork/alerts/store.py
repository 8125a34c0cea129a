"""The database of an app's errors: its tables, and how it is opened by several processes at once."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

PATIENCE: Final = 5.0
"""Seconds that a writer waits for another one."""
VERSION: Final = 1
TABLES: Final = """
CREATE TABLE groups (
    fp TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL, message TEXT NOT NULL, place TEXT NOT NULL, level TEXT NOT NULL, logger TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'open', resolved_in INTEGER NOT NULL DEFAULT 0,
    count INTEGER NOT NULL DEFAULT 0, by_app INTEGER NOT NULL DEFAULT 0, first_seen REAL NOT NULL,
    last_seen REAL NOT NULL,
    untold INTEGER NOT NULL DEFAULT 0, since REAL, told REAL, mails INTEGER NOT NULL DEFAULT 0,
    back INTEGER NOT NULL DEFAULT 0, held INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX waiting ON groups (untold) WHERE untold > 0;
CREATE TABLE releases (fp TEXT NOT NULL, release INTEGER NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (fp, release));
CREATE TABLE samples (number INTEGER PRIMARY KEY, fp TEXT NOT NULL, occurrence TEXT NOT NULL);
CREATE INDEX samples_of ON samples (fp);
CREATE TABLE taken (name TEXT PRIMARY KEY, read INTEGER NOT NULL);
CREATE TABLE losses (kind TEXT PRIMARY KEY, count INTEGER NOT NULL, untold INTEGER NOT NULL);
CREATE TABLE mails (at REAL NOT NULL, is_digest INTEGER NOT NULL);
CREATE TABLE outbox (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL, sender TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'waiting',
    kind TEXT NOT NULL, subject TEXT NOT NULL, text TEXT NOT NULL, html TEXT NOT NULL,
    written REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, problem TEXT NOT NULL DEFAULT '', UNIQUE (name, sender)
);
CREATE TABLE senders (
    name TEXT PRIMARY KEY, settings TEXT NOT NULL, failures INTEGER NOT NULL DEFAULT 0, rests REAL NOT NULL DEFAULT 0,
    problem TEXT NOT NULL DEFAULT '', fix TEXT NOT NULL DEFAULT '', since REAL NOT NULL DEFAULT 0
);
"""


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the database, made if need be, for its owner's eyes only. Raises OSError or sqlite3.Error.

    One that is none (a crash of the disk, say) is put aside, and a new one begun: errors must go on being told.
    """
    with suppress(FileExistsError):
        # Not opened where it is there: closing it would take the locks of other threads with it (fcntl(2)).
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        connection = _connected(path)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        _put_aside(path)
        connection = _connected(path)
    try:
        yield connection
    finally:
        connection.close()


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


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
    try:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA synchronous = FULL")
        if _version(connection) < VERSION:
            connection.execute("PRAGMA journal_mode = WAL")
            _make(connection)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _make(connection: sqlite3.Connection) -> None:
    with transaction(connection):
        if _version(connection) < VERSION:
            for statement in TABLES.split(";\n"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {VERSION}")


def _put_aside(path: Path) -> None:
    for end in ("", "-wal", "-shm"):
        file = path.with_name(path.name + end)
        with suppress(FileNotFoundError):
            file.rename(path.with_name(f"{path.name}.broken{end}"))
