"""What `[logging]` holds: what is logged, at which level, where and how, and how long it is kept."""

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from uncork.config.keys import Key
from uncork.config.tables import Conflict
from uncork.config.text import Table
from uncork.config.values import SWITCH, Kind, ValueRefusedError, choice, duration, number, shown, size
from uncork.notices import Logging

LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LEVEL: Final = choice(*LEVELS)
WHOLE: Final = "dict_config"
"""The key that stands in place of those in `REPLACED`."""
REPLACED: Final = ("level", "levels", "to", "format")
_WORDS: Final = ("text", "json")
# What a format string may name: an attribute of a LogRecord, or what uncork adds to it; with a value of its kind.
_RECORD: Final[Mapping[str, object]] = {
    **dict.fromkeys(
        ("asctime", "name", "levelname", "pathname", "filename", "module", "funcName", "threadName", "processName"), ""
    ),
    **dict.fromkeys(("message", "taskName"), ""),
    **dict.fromkeys(("request_id", "method", "path", "route", "client", "user", "release", "environment"), ""),
    **dict.fromkeys(("lineno", "levelno", "process", "thread"), 0),
    **dict.fromkeys(("created", "msecs", "relativeCreated"), 0.0),
}
_YEAR: Final = 366 * 86_400.0


def settings(values: Table, environment: str) -> Logging:
    """Return what holds in an environment whose config says these (checked) values."""
    defaults = Logging(level="DEBUG", to="console") if environment == "development" else Logging()
    return replace(defaults, **values)  # type: ignore[arg-type]


def laid_over(base: Table, own: Table) -> Table:
    """Return the values of an environment's own table over those that hold always.

    Levels are laid over logger by logger; `dict_config` and what it stands in place of put each other out.
    """
    gone = {*REPLACED} if WHOLE in own else {WHOLE} if {*REPLACED} & own.keys() else set()
    values = {key: value for key, value in base.items() if key not in gone} | own
    if "levels" in own:
        values["levels"] = tuple((dict(_pairs(base)) | dict(_pairs(own))).items())
    return values


def conflicts(values: Table) -> Iterator[Conflict]:
    """Yield what can't stand together."""
    beside = [key for key in REPLACED if key in values]
    if WHOLE in values and beside:
        named = " and ".join(f"`{key}`" for key in beside)
        yield Conflict(
            (WHOLE, *beside),
            f"`{WHOLE}` is the whole configuration, so {named} beside it would say nothing",
            f"take {named} out, or `{WHOLE}`",
        )


def _pairs(values: Table) -> Iterable[tuple[str, str]]:
    found = values.get("levels", ())
    return found if isinstance(found, tuple) else ()


def _read_levels(value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict):
        fix = 'write, for example, { "sqlalchemy.engine" = "WARNING" }'
        raise ValueRefusedError(f"is {shown(value)}, but it must be a table of loggers and their levels", fix)
    return tuple(_flat(value, ()))


def _flat(table: Mapping[str, object], path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield each logger with its level; `sqlalchemy.engine = "INFO"` without quotes is a table in a table."""
    for key, value in table.items():
        here = (*path, key)
        if isinstance(value, dict):
            yield from _flat(value, here)
            continue
        try:
            yield _logger(".".join(here)), str(LEVEL.read(value))
        except ValueRefusedError as refused:
            raise ValueRefusedError(refused.problem, refused.fix, here) from None


def _logger(name: str) -> str:
    if not name or not name.isprintable():
        raise ValueRefusedError("has no logger's name before it", 'write, for example, "sqlalchemy.engine" = "WARNING"')
    return name


def _read_format(value: object) -> str:
    what = '"text", "json" or a format string of logging'
    if not isinstance(value, str):
        raise ValueRefusedError(f"is {shown(value)}, but it must be {what}", 'write "text" or "json"')
    if value not in _WORDS:
        _check_format(value, what)
    return value


def _check_format(text: str, what: str) -> None:
    """Raise ValueRefusedError for a format string, `%(message)s` or `{message}`, that would fail at every record."""
    example = '"%(asctime)s %(levelname)s %(name)s: %(message)s"'
    percent = "%(" in text
    if not percent and "{" not in text:
        near = difflib.get_close_matches(text.lower(), _WORDS, n=1)
        fix = f'write "{near[0]}"' if near else f"write, for example, {example}"
        raise ValueRefusedError(f"is {shown(text)}, but it must be {what}", fix)
    try:
        _ = text % _RECORD if percent else text.format(**_RECORD)
    except KeyError as error:
        name = str(error.args[0])
        near = difflib.get_close_matches(name, _RECORD, n=1)
        instead = f"%({near[0]})s" if near and percent else f"{{{near[0]}}}" if near else ""
        fix = f"write {instead}" if near else f"the names are {', '.join(sorted(_RECORD))}"
        raise ValueRefusedError(f"names {shown(name)}, which no record has", fix) from None
    except (TypeError, ValueError, IndexError, AttributeError) as error:
        problem = f"is {shown(text)}, which is no format string: {error}"
        raise ValueRefusedError(problem, f"write, for example, {example}") from None


def _read_dict_config(value: object) -> str:
    what = "a table as logging.config.dictConfig takes it"
    if not isinstance(value, dict):
        raise ValueRefusedError(f"is {shown(value)}, but it must be {what}", "write [logging.dict_config]")
    if value.get("version") != 1:
        raise ValueRefusedError(
            "is no configuration of logging's: its version is missing or not 1", "write version = 1"
        )
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        problem = "holds a date, a time, or a number without an end, which no configuration of logging's has"
        raise ValueRefusedError(problem, "write it in quotes, or take it out") from None


KEYS: Final = (
    Key(
        "level",
        "The least level of a record that is logged.",
        LEVEL,
        '"WARNING"',
        '"INFO"',
        (("development", '"DEBUG"'),),
    ),
    Key(
        "levels",
        "The least level of single loggers, and of those below them, by their names.",
        Kind("a table of loggers and their levels", _read_levels),
        '{ "sqlalchemy.engine" = "WARNING", "shop.payments" = "DEBUG" }',
    ),
    Key(
        "to",
        "Where records go: into a file of the app's own, `logs/app.log`, or to the console, which is the server's log.",
        choice("file", "console"),
        '"console"',
        '"file"',
        (("development", '"console"'),),
    ),
    Key(
        "format",
        "How a record is written: a line to read, an object of JSON on one line, or a format string of Python's "
        "logging, which may also name `request_id`, `method`, `path`, `route`, `client`, `user`, `release` and "
        "`environment`.",
        Kind('`"text"`, `"json"` or a format string', _read_format),
        '"json"',
        '"text"',
    ),
    Key(
        WHOLE,
        "A whole configuration for `logging.config.dictConfig`, in place of `level`, `levels`, `to` and `format`.",
        Kind("a table with `version = 1`", _read_dict_config),
        '{ version = 1, root = { level = "INFO" } }',
    ),
    Key(
        "rotate_size",
        "The size past which a log is put aside for a new one: the app's, the server's and the access log.",
        size(4096, "4k"),
        '"10M"',
        '"50M"',
    ),
    Key(
        "rotate_age",
        "The age past which a log is put aside for a new one.",
        duration(1.0, _YEAR, '"7d"'),
        '"7d"',
        '"1d"',
    ),
    Key("keep", "How many old logs of each kind are kept.", number(1, 10_000), "30", "14"),
    Key("compress", "Whether old logs are compressed.", SWITCH, "false", "true"),
)
