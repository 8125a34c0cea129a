"""The text of a TOML file: its values, and the line that each key stands on."""

import re
import sys
from collections.abc import Iterator
from typing import Final

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Table = dict[str, object]
Key = tuple[str, ...]
Place = tuple[str | int, ...]
"""The keys that lead to a value; in a list, its number."""

_PLACE: Final = re.compile(r" \(at (?:line (?P<line>\d+), column \d+|end of document)\)$")


class TextError(ValueError):
    """A text that is not TOML: the line, counted from 1, and what the parser says of it."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line
        self.problem = problem


def parse(text: str) -> Table:
    """Return the values of a TOML text; raises TextError."""
    try:
        table: Table = tomllib.loads(text.removeprefix("\ufeff"))
    except RecursionError as error:
        raise TextError(1, "it is nested too deep") from error
    except ValueError as error:
        # TOMLDecodeError is one, and so is int()'s for a number of more than 4,300 digits. The line is an attribute
        # since Python 3.14; before that it is in the message alone.
        place = _PLACE.search(str(error))
        line = int(place["line"]) if place and place["line"] else text.rstrip("\n").count("\n") + 1
        raise TextError(line, _PLACE.sub("", str(error))) from error
    return table


def line_of(text: str, key: Place) -> int:
    """Return the line where that key, or the table of that name, begins; 1 if there is none.

    tomllib gives no lines. But a text cut off between two statements is TOML itself, so the statement that brings
    the key begins where the last text without it ends.
    """
    lines = text.split("\n")
    word = next((part for part in reversed(key) if isinstance(part, str)), "")
    for start, end in _statements(lines, word):
        if _holds("\n".join(lines[:end]), key) and not _holds("\n".join(lines[:start]), key):
            return start + 1
    return 1


def _statements(lines: list[str], word: str) -> Iterator[tuple[int, int]]:
    """Return the first and the end line of each statement that could bring the word: those that hold it come first."""
    likely = [i for i, line in enumerate(lines) if word in line]
    for start in (*likely, *range(len(lines))):
        if _parses("\n".join(lines[:start])):
            end = next((e for e in range(start + 1, len(lines) + 1) if _parses("\n".join(lines[:e]))), len(lines))
            yield start, end


def _parses(text: str) -> bool:
    try:
        parse(text)
    except TextError:
        return False
    return True


def _holds(text: str, key: Place) -> bool:
    values: object = parse(text)
    try:
        for part in key:
            values = values[part]  # type: ignore[index]
    except (LookupError, TypeError):
        return False
    return True
