"""The database of an app's errors: its tables, and how it is opened."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from uncork.machine.database import connected, transaction

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
    """Open the database, made if need be: errors must go on being told. Raises OSError or sqlite3.Error."""
    with closing(connected(path, _prepare)) as connection:
        yield connection


def _prepare(connection: sqlite3.Connection) -> None:
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA synchronous = FULL")
    if _version(connection) < VERSION:
        connection.execute("PRAGMA journal_mode = WAL")
        _make(connection)


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _make(connection: sqlite3.Connection) -> None:
    with transaction(connection):
        if _version(connection) < VERSION:
            for statement in TABLES.split(";\n"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {VERSION}")
