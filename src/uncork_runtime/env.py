"""Reads the values of `uncork config set` into the environment, before the app is imported."""

from __future__ import annotations

import json
import os
import re

# What `load` has set: none of it may be in a log.
loaded: dict[str, str] = {}

# Names the values that who started this process has put into its environment already, one a word: it may not read them.
GIVEN = "UNCORK_VALUES"
# Where systemd puts what LoadCredential= names (systemd.exec(5)): a folder of this run's, for its user alone.
CREDENTIALS = "CREDENTIALS_DIRECTORY"

LINE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(\".*\")")


def load(path: str) -> None:
    """Set every `NAME="JSON string"` line of the file, over names that are set already: it is what the operator said.

    Empty lines and lines that start with `#` are passed over; a file that isn't there is no file to read. A broken
    line raises ValueError with its file and line, sets nothing, and keeps the value, which may be a secret, to itself.

    Where the app's own user may not read the file, systemd hands it over, or the values are in the environment already.
    """
    given = os.environ.get(GIVEN)
    if given is not None:
        loaded.update({name: os.environ[name] for name in given.split() if name in os.environ})
        return
    path = _handed_over() or path
    try:
        with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            lines = file.read().split("\n")
    except FileNotFoundError:
        return
    pairs = [_pair(line, f"{path}:{number}") for number, line in enumerate(lines, 1) if _says(line)]
    os.environ.update(pairs)
    loaded.update(pairs)


def _handed_over() -> str:
    """The file as systemd has handed it over; empty where it has not."""
    folder = os.environ.get(CREDENTIALS)
    path = os.path.join(folder, "env") if folder else ""
    return path if os.path.exists(path) else ""


def _says(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("#")


def _pair(line: str, place: str) -> tuple[str, str]:
    match = LINE.fullmatch(line.rstrip("\r"))
    if not match:
        raise ValueError(f'{place}: this is no NAME="value" line')
    # What json and the encoder raise quotes the value; so their errors end here.
    try:
        value = json.loads(match[2])
        sound = b"\0" not in os.fsencode(value)
    except ValueError:
        sound = False
    if not sound:
        raise ValueError(f"{place}: the value of {match[1]} can't be read")
    return match[1], value
