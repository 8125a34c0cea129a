"""How a record looks: a line of text, an object of JSON, a format string of the app's own, colours on a terminal."""

from __future__ import annotations

import copy
import json
import logging
import re
import time
from collections.abc import Iterable
from typing import Final, Optional

from uncork_runtime.message import message
from uncork_runtime.redaction import redact, redact_exact, redact_mapping, redact_traceback
from uncork_runtime.request import Context, current
from uncork_runtime.settings import Settings

INDENT: Final = "\n    "
# What would begin a line, move a terminal's cursor, or be no UTF-8.
CONTROLS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
COLOURS: Final = re.compile(r"\x1b\[[\d;]*m")
UNSAFE: Final = re.compile(r"[\s\]\\]")
OWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
USUAL: Final = len(vars(logging.makeLogRecord({})))
# Made once: to format the number takes 0.25 us of each record.
MILLISECONDS: Final = tuple(f".{number:03d}Z" for number in range(1000))
LEVELS: Final = {"DEBUG": "2", "INFO": "32", "WARNING": "33", "ERROR": "31", "CRITICAL": "1;31"}


class _Clock:
    """The time of a record in UTC; most records are of the same second as the one before."""

    def __init__(self) -> None:
        self._last = (-1, "")

    def iso(self, created: float) -> str:
        """`2026-11-22T16:05:12.123Z`."""
        second = int(created)
        known, text = self._last
        if second != known:
            text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._last = (second, text)
        return text + MILLISECONDS[int((created - second) * 1000)]


class TextFormatter(logging.Formatter):
    """A line a record, what was asked for in brackets at its end; further lines of it are indented by 4 spaces."""

    def __init__(self, settings: Settings) -> None:
        """Know the release and the environment."""
        super().__init__()
        release = f"release={settings.release} " if settings.release else ""
        self._deployed = f"{release}{_safe(settings.environment)}"
        self._iso = _Clock().iso

    def format(self, record: logging.LogRecord) -> str:
        """The line, or the block, without its last newline."""
        line = self.line(record.created, record.levelname, record.name, message(record))
        return INDENT.join((line, *_traces(self, record)))

    def line(self, created: float, level: str, name: str, text: str) -> str:
        """The same for a message that is filled in and redacted."""
        context = current()
        asked = "" if context is None else f"{_request(context)} "
        if text.isprintable():
            return f"{self._iso(created)} {level} {name}: {text} [{asked}{self._deployed}]"
        first, *more = _visible(text).split("\n")
        return INDENT.join((f"{self._iso(created)} {level} {name}: {first} [{asked}{self._deployed}]", *more))


def _request(context: Context) -> str:
    """What was asked for, by whom, as in `id=8f3a POST /buy route=/buy client=203.0.113.9 user=7`."""
    number, method, path, route, client, user = context.known()
    path = redact(path) if "=" in path else path or "-"
    text, spaces = f"id={number} {method} {path}", 2
    if route:
        text, spaces = f"{text} route={route}", 3
    if client:
        text, spaces = f"{text} client={client}", spaces + 1
    if user:
        text, spaces = f"{text} user={user}", spaces + 1
    if text.count(" ") == spaces and text.isprintable() and "]" not in text and "\\" not in text:
        return redact_exact(text)
    pairs = (("id=", number), ("", method), ("", path), ("route=", route), ("client=", client))
    return " ".join(name + _safe(redact_exact(value)) for name, value in (*pairs, ("user=", user)) if value)


def _safe(value: str) -> str:
    """A value without white space, brackets and what can't be seen: each as Python would escape it."""
    if value.isprintable() and not UNSAFE.search(value):
        return value
    return "".join(_escaped(one) if not one.isprintable() or UNSAFE.match(one) else one for one in value)


def _escaped(one: str) -> str:
    return one.encode("unicode_escape").decode() if one not in "]\\ " else f"\\x{ord(one):02x}"


def _visible(text: str) -> str:
    """A text whose only control characters are newlines and tabs."""
    text = text.replace("\r\n", "\n")
    return CONTROLS.sub(lambda found: _escaped(found[0]), text)


def _traces(formatter: logging.Formatter, record: logging.LogRecord) -> Iterable[str]:
    """The lines of a record's traceback and stack, redacted."""
    if not record.exc_info and not record.exc_text and not record.stack_info:
        return ()
    return [line for text in _texts(formatter, record) if text for line in _visible(text).split("\n")]


def _texts(formatter: logging.Formatter, record: logging.LogRecord) -> tuple[str, str]:
    return trace(formatter, record), redact_traceback(record.stack_info) if record.stack_info else ""


def trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    """The record's traceback, redacted; empty if it has none."""
    if record.exc_info:
        return redact_traceback(formatter.formatException(record.exc_info))
    return redact_traceback(record.exc_text) if record.exc_text else ""


class JsonFormatter(logging.Formatter):
    """An object of JSON a record, on one line."""

    def __init__(self, settings: Settings) -> None:
        """Know the release and the environment."""
        super().__init__()
        self._settings = settings
        self._iso = _Clock().iso
        self._encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=_described).encode

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its newline."""
        fields: dict[str, object] = {
            "time": self._iso(record.created),
            "level": record.levelname,
            "logger": record.name,
            "message": message(record),
        }
        context = current()
        if context is not None:
            fields.update(_fields(context))
        fields["release"], fields["environment"] = self._settings.release, self._settings.environment
        exception = "\n".join(filter(None, _texts(self, record)))
        if exception:
            fields["exception"] = exception
        if len(vars(record)) > USUAL:
            fields = {**extras(record), **fields}
        return self._line(fields)

    def _line(self, fields: dict[str, object]) -> str:
        try:
            return self._encode(fields)
        except (TypeError, ValueError, RecursionError):  # keys that are no texts, NaN, a circle: all are in an `extra`
            return self._encode({name: _flat(value) for name, value in fields.items()})


def _fields(context: Context) -> dict[str, object]:
    number, method, path, route, client, user = context.known()
    return {
        "id": number,
        "method": method,
        "path": redact(path) if "=" in path else redact_exact(path),
        "route": route,
        "client": client,
        "user": redact_exact(user),
    }


def extras(record: logging.LogRecord) -> dict[str, object]:
    """What `extra=` gave a record, redacted."""
    return redact_mapping({name: value for name, value in vars(record).items() if name not in OWN})


def _described(value: object) -> str:
    try:
        return redact(str(value))
    except Exception:  # noqa: BLE001 - whatever the `__str__` of an app's object raises must not reach the app
        return f"an object of {type(value).__name__}"


def _flat(value: object) -> object:
    return value if isinstance(value, (str, int)) else _described(value)


class MaskedFormatter(logging.Formatter):
    """Another formatter's texts, redacted; its format string may name what is known of the request.

    Those names are request_id, method, path, route, client, user, release and environment; each is "-" if unknown.
    """

    def __init__(self, inner: logging.Formatter, settings: Settings) -> None:
        """Know the release and the environment."""
        super().__init__()
        self.inner = inner
        self._deployed = {"release": str(settings.release or "-"), "environment": settings.environment}

    def format(self, record: logging.LogRecord) -> str:
        """What the other formatter makes of a redacted copy of the record: other handlers get the record as it was."""
        masked = copy.copy(record)
        masked.msg, masked.args = message(record), None
        masked.exc_info, masked.exc_text = None, trace(self.inner, record) or None
        masked.stack_info = redact_traceback(record.stack_info) if record.stack_info else None
        given = extras(record) if len(vars(record)) > USUAL else {}
        vars(masked).setdefault("taskName", None)  # records have it since Python 3.12
        vars(masked).update({**self._asked(), **self._deployed, **given})
        return redact_exact(self.inner.format(masked))

    @staticmethod
    def _asked() -> dict[str, object]:
        context = current()
        if context is None:
            return dict.fromkeys(("request_id", "method", "path", "route", "client", "user"), "-")
        fields = {name: value or "-" for name, value in _fields(context).items()}
        return {"request_id": fields.pop("id"), **fields}


class BlockFormatter(MaskedFormatter):
    """The same, its further lines indented, so that a record is one block of a file that others write to as well."""

    def format(self, record: logging.LogRecord) -> str:
        """The block, without its last newline."""
        return _visible(super().format(record)).replace("\n", INDENT)


class ColouredFormatter(logging.Formatter):
    """For a person at a terminal: the time of day, the level in colour, and in a dim one what was asked for."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, or the block, without its last newline."""
        context = current()
        asked = "" if context is None else f" \x1b[2m[{_request(context)}]\x1b[0m"
        at = time.strftime("%H:%M:%S", time.localtime(record.created))
        level = f"\x1b[{LEVELS.get(record.levelname, '0')}m{record.levelname}\x1b[0m"
        first, *more = [*self._text(record).split("\n"), *_traces(self, record)]
        return INDENT.join((f"{at} {level} {record.name}: {first}{asked}", *more))

    @staticmethod
    def _text(record: logging.LogRecord) -> str:
        """The message with the colours that it may have, and no other control characters."""
        text = message(record)
        found = COLOURS.findall(text)
        plain = [_visible(part) for part in COLOURS.split(text)]
        return "".join(one for pair in zip(plain, [*found, ""]) for one in pair)  # noqa: B905 - Python 3.9


def formatter(settings: Settings, *, coloured: bool = False) -> logging.Formatter:
    """The formatter that the settings ask for; `coloured` says that a person looks on."""
    if settings.format == "json":
        return JsonFormatter(settings)
    if settings.format == "text":
        return ColouredFormatter() if coloured else TextFormatter(settings)
    return BlockFormatter(_of_string(settings.format), settings)


def _of_string(given: str) -> logging.Formatter:
    made = logging.Formatter(given, style="%" if "%(" in given or "{" not in given else "{")
    made.converter = time.gmtime
    made.default_time_format, made.default_msec_format = "%Y-%m-%dT%H:%M:%S", "%s.%03dZ"
    return made


def masked(inner: Optional[logging.Formatter], settings: Settings) -> logging.Formatter:
    """A formatter of the app's own (None is logging's default), redacted; the same one if it is already."""
    if isinstance(inner, MaskedFormatter):
        return inner
    return MaskedFormatter(inner or logging.Formatter(), settings)
