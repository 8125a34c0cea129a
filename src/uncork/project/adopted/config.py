"""The config that says what was found: as TOML, with each value checked as the config itself would check it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from uncork.config import TABLES, keys
from uncork.config.keys import kinds
from uncork.config.text import Table
from uncork.config.values import ValueRefusedError
from uncork.errors import UsageError
from uncork.project.adopted import gunicorn, procfile, uwsgi
from uncork.project.adopted.fates import Fate, Kind

_KINDS: Final = {
    **kinds(keys()),
    **{f"{table}.{name}": kind for table, below in TABLES.items() for name, kind in kinds(below).items()},
}


def read(name: str, text: str) -> tuple[Fate, ...]:
    """Return what becomes of each setting of a file, in the order of its lines; `name` says what the file is.

    Raises UsageError for a file that is none of those which can be adopted.
    """
    if name.endswith(".ini"):
        found = tuple(uwsgi.fates(text))
    elif name.endswith(".py"):
        found = _python(name, text)
    elif name.startswith("Procfile"):
        found = tuple(procfile.fates(text))
    else:
        raise UsageError(
            f"{name} is none of the files that can be adopted", "give a uwsgi.ini, a gunicorn.conf.py or a Procfile"
        )
    if not found:
        raise UsageError(f"{name} has no settings", "give the file by which the app is started today")
    return tuple(sorted((_checked(fate) for fate in found), key=lambda fate: fate.setting.line))


def _python(name: str, text: str) -> tuple[Fate, ...]:
    try:
        found = tuple(gunicorn.fates(text))
    except SyntaxError as error:
        raise UsageError(f"{name}:{error.lineno}: this is no Python: {error.msg}", "correct that line") from error
    except ValueError as error:  # a NUL, or what is no UTF-8
        raise UsageError(f"{name} is no Python: {error}", "give a gunicorn.conf.py") from error
    except (RecursionError, MemoryError) as error:
        raise UsageError(f"{name} is nested too deep to be read", "give a gunicorn.conf.py") from error
    return (*found, *gunicorn.itself()) if found else ()


def _checked(fate: Fate) -> Fate:
    """Return the fate, which is another one where the config would refuse a value."""
    try:
        for key, value in fate.values:
            _KINDS[key].read(value)
    except ValueRefusedError as refused:
        return replace(fate, kind=Kind.LEFT, why=f"it {refused.problem}", values=())
    return fate


def toml(fates: Iterable[Fate], table: str = "tool.uncork") -> str:
    """Return the config as TOML, its keys under that table (empty: at the top). Of what is said twice the last counts.

    What can't stand together is left to who reads the config: both were said.
    """
    values: dict[str, object] = {}
    for fate in fates:
        values.update(fate.values)
    if set(values) & {"server.protocol", "server.kind", "server.gevent"} == {"server.kind"}:
        values["server"] = values.pop("server.kind")
    return "\n".join(
        (*_head(table), *_lines({k: v for k, v in values.items() if "." not in k}), *_below(values, table))
    )


def _head(table: str) -> tuple[str, ...]:
    return (f"[{table}]",) if table else ()


def _below(values: Mapping[str, object], table: str) -> list[str]:
    lines: list[str] = []
    for name in dict.fromkeys(key.partition(".")[0] for key in values if "." in key):
        path = f"{table}.{name}".lstrip(".")
        own = {key.partition(".")[2]: value for key, value in values.items() if key.startswith(f"{name}.")}
        plain = {key: value for key, value in own.items() if not _is_rows(value)}
        lines += ["", f"[{path}]", *_lines(plain)] if plain else []
        for key, rows in own.items():
            for row in rows if isinstance(rows, list) and _is_rows(rows) else ():
                lines += ["", f"[[{path}.{key}]]", *_lines(row)]
    return [*lines, ""]


def _is_rows(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _lines(values: Table) -> list[str]:
    return [f"{key} = {_value(value)}" for key, value in values.items()]


def _value(value: object) -> str:
    """A basic string of TOML may be written as JSON writes one (toml.io, strings)."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
