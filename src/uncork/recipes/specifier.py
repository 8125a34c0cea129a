"""What versions of Python a project allows: the specifiers of PEP 440, for released versions."""

import re
from typing import Final

Version = tuple[int, ...]

CLAUSE: Final = re.compile(r"\s*(===|==|!=|<=|>=|~=|<|>)\s*(\d+(?:\.\d+)*)(\.\*)?\s*")
NUMBERS: Final = re.compile(r"\d+(?:\.\d+)*")


def version(text: str) -> Version:
    """Return the numbers of a version; what follows them, as in 3.14.0rc1, does not count."""
    match = NUMBERS.match(text)
    return tuple(int(part) for part in match[0].split(".")) if match else ()


def allows(specifier: str, python: str) -> bool:
    """Return whether a specifier, as in `>=3.10,<4`, allows a version. Raises ValueError if it is none."""
    clauses = [clause for clause in specifier.split(",") if clause.strip()]
    return all(_allows(clause, version(python)) for clause in clauses)


def _allows(clause: str, python: Version) -> bool:
    match = CLAUSE.fullmatch(clause)
    if not match or (match[3] and match[1] not in {"==", "!="}):
        raise ValueError(clause.strip())
    operator, wanted = match[1], version(match[2])
    if operator == "~=":
        if len(wanted) == 1:
            raise ValueError(clause.strip())
        return _padded(python) >= _padded(wanted) and python[: len(wanted) - 1] == wanted[:-1]
    if match[3]:
        return (_padded(python)[: len(wanted)] == wanted) is (operator == "==")
    return _compares(operator, _padded(python), _padded(wanted))


def _compares(operator: str, python: Version, wanted: Version) -> bool:
    return {
        "==": python == wanted,
        "===": python == wanted,
        "!=": python != wanted,
        "<": python < wanted,
        "<=": python <= wanted,
        ">": python > wanted,
        ">=": python >= wanted,
    }[operator]


def _padded(numbers: Version) -> Version:
    """3.10 is 3.10.0."""
    return (*numbers, 0, 0, 0, 0)[: max(4, len(numbers))]
