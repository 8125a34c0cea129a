"""Where in a text the values of secret keys are: `password=...`, `"token": "..."`, `Authorization: Bearer ...`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

WORDS: Final = (
    r"passw|passphrase|passcode|pwd|token|authoriz|cookie|secret|credential|session|jwt|(?:api|private|access)[_-]?key"
)
WORD: Final = re.compile(WORDS)
ROOTS: Final = ("pass", "pwd", "token", "auth", "cookie", "secret", "credential", "session", "jwt", "key")
"""One of them is in each of the words: a quick look, before the slow one."""
TO_VALUE: Final = (
    r"[\w.\-]{0,40}(?: id)?"  # the rest of the key
    r"(?:\\*[\"'])?\]?"  # it may be quoted, and be an index
    r"(?:[ \t]{0,8}(?::=|=>|==?|:)[ \t]{0,8}|(?<=[\"'])[ \t]{0,8},[ \t]{0,8}(?=[bru]{0,2}\\*[\"']))"
)
KEY: Final = re.compile(TO_VALUE)
WHOLE_LINE: Final = ("authoriz", "cookie")
SCHEME: Final = re.compile(r"(?:bearer|basic|digest|negotiate|token)[ \t]+", re.IGNORECASE)
QUOTE: Final = re.compile(r"[bruf]{0,2}(\\*)(\"\"\"|'''|\"|')", re.IGNORECASE)
PAIRS: Final = {"[": "]", "(": ")", "{": "}", "<": ">"}
BRACKETS: Final = re.compile(r"[\[\](){}<>\"']")
STOP: Final = re.compile(
    r"[\s&]"
    r"|[,;](?=[\s\"']|$)"
    r"|[)\]}>\"']+(?=[\s,;.:)\]}>]|$)"  # what closes something that was opened before the key
    r"|(?P<opens>[\[({<\"'])"
)


def lowered(text: str) -> str:
    """The text in lower case, each character where it was: a few have a lower case of two characters."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(one if len(one.lower()) > 1 else one.lower() for one in text)


def mentions_secrets(text: str) -> bool:
    """Whether a secret's key may be in the text: no means no."""
    lower = text.lower()
    for root in ROOTS:  # noqa: SIM110 - any() takes three times as long
        if root in lower:
            return True
    return False


def secrets(text: str, *, code: bool = False) -> Iterator[tuple[int, int]]:
    """The places (start, end) of the values that belong to secret keys, in their order, none within another.

    A value is taken for longer rather than for shorter than it is. In lines of code only literals are values.
    """
    done = 0
    for word in WORD.finditer(lowered(text)):
        key = KEY.match(text, word.end()) if word.start() >= done else None
        if key and key.end() < len(text):
            start, end = _value(text, key.end(), whole_line=word[0] in WHOLE_LINE, code=code)
            if end > start:
                yield start, end
                done = end


def _value(text: str, start: int, *, whole_line: bool, code: bool) -> tuple[int, int]:
    """The place of a value, within its quotes if it has some."""
    quote = QUOTE.match(text, start)
    if quote:
        return quote.end(), _closing(text, quote.end(), len(quote[1]), quote[2])
    if code:
        return start, start
    if text[start] in PAIRS:
        return start, _bracket(text, start)
    if whole_line:
        end = text.find("\n", start)
        return start, len(text) if end < 0 else end
    scheme = SCHEME.match(text, start)
    return start, _plain(text, scheme.end() if scheme else start)


def _closing(text: str, start: int, depth: int, quote: str) -> int:
    """Where the quote that opened before `start`, behind `depth` backslashes, is closed; the text's end if nowhere."""
    found = text.find(quote, start)
    while found >= 0:
        before = found - len(text[start:found].rstrip("\\")) - start
        if before == depth or (not depth and before % 2 == 0):
            return found - depth
        found = text.find(quote, found + 1)
    return len(text)


def _bracket(text: str, start: int) -> int:
    """Just behind the bracket that closes the one at `start`; the text's end if none does."""
    expected: list[str] = []
    at = start
    while True:
        found = BRACKETS.search(text, at)
        if not found:
            return len(text)
        at, mark = found.end(), found[0]
        if mark in PAIRS:
            expected.append(PAIRS[mark])
        elif mark in "\"'":
            at = _closing(text, at, 0, mark) + 1
        elif mark == expected[-1]:
            expected.pop()
        if not expected:
            return at


def _plain(text: str, start: int) -> int:
    """Where a value without quotes ends; a bracket or a quote within it is passed over as a whole."""
    at = start
    while True:
        stop = STOP.search(text, at)
        if not stop:
            return len(text)
        if not stop["opens"]:
            return stop.start()
        at = stop.end()
        at = _bracket(text, at - 1) if stop["opens"] in PAIRS else _closing(text, at, 0, stop["opens"]) + 1
