"""The message of a record: its arguments filled in, its secrets taken out, whatever the arguments are."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Final

from uncork_runtime.redaction import REDACTED, is_secret, redact
from uncork_runtime.spans import SCHEME, TO_VALUE, WORDS

CONVERSION: Final = re.compile(r"%(?:\(\w*\))?[-#0 +]*(?:\*|\d*)(?:\.(?:\*|\d+))?[hlL]?([a-zA-Z%])")
BEFORE: Final = re.compile(rf"(?:{WORDS}){TO_VALUE}[\"']?(?:{SCHEME.pattern})?\Z", re.IGNORECASE)
FARTHEST: Final = 80


def message(record: logging.LogRecord) -> str:
    """The record's message, redacted. One whose arguments don't fit is no error: it says so, without them."""
    return filled(record.msg, record.args)


def filled(template: object, args: object) -> str:
    """The same for a message and its arguments as a record has them."""
    try:
        text = str(template)
        if args:
            text %= _arguments(text, args)
    except Exception as error:  # noqa: BLE001 - whatever the `__str__` of an app's object raises must not reach the app
        text = f"{_template(template)} (its arguments can't be filled in: {type(error).__name__})"
    return redact(text)


def _template(text: object) -> str:
    return text if isinstance(text, str) else f"a message of {type(text).__name__}"


def _arguments(template: str, given: object) -> object:
    """The arguments, but for those that the template or their own names tell to be secrets."""
    if isinstance(given, tuple):
        named = "=" in template or ":" in template or "'" in template or '"' in template
        return _positional(template, given) if named else given
    if isinstance(given, Mapping):
        names = [name for name in given if isinstance(name, str) and is_secret(name)]
        return {**given, **dict.fromkeys(names, REDACTED)} if names else given
    return given


def _positional(template: str, given: tuple[object, ...]) -> tuple[object, ...]:
    """A value may be of many words, where a text doesn't say where it ends: `password: %s`."""
    if not is_secret(template):
        return given
    found = [one for one in CONVERSION.finditer(template) if one[1] != "%"]
    if len(found) != len(given) or any("*" in one[0] for one in found):
        return given
    return tuple(
        REDACTED if one[1] in "sra" and BEFORE.search(template[max(0, one.start() - FARTHEST) : one.start()]) else value
        for one, value in zip(found, given)  # noqa: B905 - Python 3.9 has no strict
    )
