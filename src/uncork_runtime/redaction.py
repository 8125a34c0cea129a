"""Takes secrets out of what is about to be written: by the names of their keys, and by their exact values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Final, Optional
from urllib.parse import quote, quote_plus

from uncork_runtime.spans import WORD, mentions_secrets, secrets

REDACTED: Final = "[redacted]"
SHORTEST: Final = 6
"""An exact value shorter than this is part of too many words."""
DEEPEST: Final = 8
BEARER: Final = re.compile(r"([Bb]earer[ \t]+)[\w.~+/=-]{6,}")
ADDRESS: Final = re.compile(r"(://[^\s:/@]{0,200}:)[^\s/]{1,200}(?=@)")
LITERAL: Final = re.compile(r"([\"'])(.*?)(?<!\\)\1")
FILE: Final = '  File "'


class _Exact:
    """The values of `config set`, as one pattern."""

    pattern: Optional[re.Pattern[str]] = None


def learn(values: Iterable[str]) -> None:
    """Redact exactly these values from now on, however a text may spell them; they take the place of earlier ones."""
    spellings = {spelling for value in values if len(value) >= SHORTEST for spelling in _spellings(value)}
    longest = sorted(spellings, key=lambda one: (-len(one), one))
    _Exact.pattern = re.compile("|".join(map(re.escape, longest))) if longest else None


def _spellings(value: str) -> set[str]:
    """A value as it is, in Python's and in JSON's strings, and in URLs."""
    texts = (value, repr(value)[1:-1], json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1])
    raw = value.encode("utf-8", "surrogateescape")
    return {*texts, quote(raw), quote(raw, safe=""), quote_plus(raw)}


def redact(text: str) -> str:
    """The text without the values of secret keys, without passwords in URLs and without what `learn` was told."""
    if _Exact.pattern is not None:
        text = redact_exact(text)
    if "=" in text or ":" in text or "'" in text or '"' in text:
        text = _by_key(text)
    return BEARER.sub(rf"\1{REDACTED}", text) if "earer" in text else text


def redact_exact(text: str) -> str:
    """The text without what `learn` was told."""
    pattern = _Exact.pattern
    return text if pattern is None else pattern.sub(REDACTED, text)


def redact_traceback(text: str) -> str:
    """The same as `redact` for a traceback: its lines of code keep what is no literal, or nobody could read them."""
    if "\n" not in text:
        return redact(text)
    parts: list[str] = []
    block: list[str] = []
    of_code = False
    for line in text.split("\n"):
        if of_code and line.startswith("    "):
            parts += [redact("\n".join(block)), redact_code(line)] if block else [redact_code(line)]
            block = []
        else:
            of_code = line.startswith(FILE)
            block.append(line)
    return "\n".join([*parts, redact("\n".join(block))] if block else parts)


def redact_code(line: str) -> str:
    """A line of code, which keeps what is no literal."""
    return LITERAL.sub(lambda found: f"{found[1]}{redact(found[2])}{found[1]}", _without(redact_exact(line), code=True))


def redact_value(name: str, value: object) -> object:
    """What may be shown of a value that has that name: nothing, if it is the name of a secret."""
    return REDACTED if is_secret(name) else _shown(value, DEEPEST)


def redact_mapping(mapping: Mapping[str, object]) -> dict[str, object]:
    """A copy without the values of secret keys, at whatever depth, and with every text redacted."""
    return _mapping(mapping, DEEPEST)


def is_secret(name: str) -> bool:
    """Whether that is the name of a secret: `PASSWORD`, `X-Api-Key`, `csrf_token`."""
    return mentions_secrets(name) and WORD.search(name.lower()) is not None


def _mapping(mapping: Mapping[str, object], depth: int) -> dict[str, object]:
    return {
        redact_exact(str(name)): REDACTED if is_secret(str(name)) else _shown(value, depth)
        for name, value in mapping.items()
    }


def _shown(value: object, depth: int) -> object:
    if isinstance(value, str):
        return redact(value)
    if not depth:
        return "..."
    if isinstance(value, Mapping):
        return _mapping(value, depth - 1)
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_shown(one, depth - 1) for one in value]
    return value


def _by_key(text: str) -> str:
    if "://" in text and "@" in text:
        text = ADDRESS.sub(rf"\1{REDACTED}", text)
    return _without(text) if mentions_secrets(text) else text


def _without(text: str, *, code: bool = False) -> str:
    parts: list[str] = []
    done = 0
    for start, end in secrets(text, code=code):
        parts += (text[done:start], REDACTED)
        done = end
    return "".join([*parts, text[done:]])
