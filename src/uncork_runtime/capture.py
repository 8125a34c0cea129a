"""What is kept of an error: each exception of its chain, its frames, and what the project's own functions held."""

from __future__ import annotations

import linecache
from itertools import islice
from types import FrameType
from typing import Final, Optional

from uncork_runtime.places import Frame, Source
from uncork_runtime.redaction import redact, redact_code, redact_mapping, redact_value
from uncork_runtime.request import Context

LONGEST: Final = 200
"""Characters of a local variable."""
LONGEST_TEXT: Final = 4000
"""Characters of a message, and of a header."""
LOOKED_AT: Final = 65536
"""Characters of a text that are looked through for secrets, before it is cut."""
ITEMS: Final = 20
DEPTH: Final = 3
CHAIN: Final = 8
FRAMES: Final = 40
LOCALS: Final = 30


def chain(error: BaseException, source: Source) -> list[dict[str, object]]:
    """The exception and what led to it, the cause first."""
    return [_exception(one, source) for one in reversed(_led_to(error))]


def _led_to(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    now: Optional[BaseException] = error
    while now is not None and now not in found and len(found) < CHAIN:
        found.append(now)
        now = now.__cause__ or (None if now.__suppress_context__ else now.__context__)
    return found


def _exception(error: BaseException, source: Source) -> dict[str, object]:
    frames = [_frame(one) for one in source.frames(error.__traceback__)[-FRAMES:]]
    return {"type": name(error), "message": said(error), "frames": frames}


def name(error: BaseException) -> str:
    """The exception's type: `ZeroDivisionError`, `shop.errors.SoldOut`."""
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def said(error: BaseException) -> str:
    """The exception's message, redacted."""
    try:
        return text(str(error))
    except Exception as other:  # noqa: BLE001 - whatever the `__str__` of an app's exception raises
        return f"its message can't be shown: {type(other).__name__}"


def text(value: str) -> str:
    """A text, redacted and cut."""
    return cut(redact(value[:LOOKED_AT]), LONGEST_TEXT)


def cut(value: str, most: int) -> str:
    """At most so many characters of a text."""
    return value if len(value) <= most else f"{value[: most - 3]}..."


def _frame(one: Frame) -> dict[str, object]:
    place = one.place
    code = cut(redact_code(linecache.getline(one.path, place.line, one.frame.f_globals).strip()), LONGEST)
    held = _locals(one.frame) if place.own else {}
    return {
        "file": place.file,
        "line": place.line,
        "function": place.function,
        "code": code,
        "own": place.own,
        "locals": held,
    }


def _locals(frame: FrameType) -> dict[str, str]:
    return {redact(key): shown(key, value) for key, value in islice(frame.f_locals.items(), LOCALS)}


def shown(key: str, value: object) -> str:
    """What Python's repr() says of a variable, redacted and cut; large values are not gone through."""
    try:
        return cut(redact(repr(redact_value(key, _few(value, DEPTH)))[:LOOKED_AT]), LONGEST)
    except Exception as error:  # noqa: BLE001 - whatever the `__repr__` of an app's object raises
        return f"<{type(value).__name__}: its repr raised {type(error).__name__}>"


def _few(value: object, depth: int) -> object:
    """The beginning of a value."""
    if isinstance(value, (str, bytes)):
        return value[:LOOKED_AT]
    if not depth or not isinstance(value, (dict, list, tuple, set, frozenset)):
        return value
    if isinstance(value, dict):
        return {key: _few(one, depth - 1) for key, one in islice(value.items(), ITEMS)}
    few = [_few(one, depth - 1) for one in islice(value, ITEMS)]
    return few if isinstance(value, list) else tuple(few)


def asked(context: Context) -> dict[str, object]:
    """What was asked for, with the request's headers."""
    headers = {_header(key): value for key, value in context.environ.items() if key.startswith("HTTP_")}
    return {
        "id": context.id,
        "method": context.method,
        "path": text(context.path),
        "route": context.route,
        "client": context.client,
        "user": text(context.user),
        "headers": {key: cut(str(value), LONGEST_TEXT) for key, value in redact_mapping(headers).items()},
    }


def _header(variable: str) -> str:
    return variable[len("HTTP_") :].replace("_", "-").title()
