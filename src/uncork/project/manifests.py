"""The tables of a project's manifests: pyproject.toml, Pipfile, poetry.lock, uv.lock."""

from collections.abc import Mapping

from uncork.config.text import Table, TextError, parse
from uncork.errors import UsageError


def table(texts: Mapping[str, str], path: str) -> Table:
    """Return what a TOML file holds, an empty table if there is no such file; raises UsageError with its line."""
    try:
        return parse(texts.get(path, ""))
    except TextError as error:
        raise UsageError(
            f"{path}:{error.line} is no TOML: {error.problem}", f"mend line {error.line} of {path}"
        ) from error


def section(texts: Mapping[str, str], path: str, *keys: str) -> Table:
    """Return a table inside a TOML file, empty if it isn't there."""
    return inside(table(texts, path), *keys)


def inside(values: object, *keys: str) -> Table:
    """Return a table inside a table, empty if it isn't there."""
    for key in keys:
        values = values.get(key) if isinstance(values, dict) else None
    return values if isinstance(values, dict) else {}


def tables(values: Table, key: str) -> tuple[Table, ...]:
    """Return an array of tables (`[[package]]`)."""
    found = values.get(key)
    return tuple(item for item in found if isinstance(item, dict)) if isinstance(found, list) else ()


def strings(values: Table, key: str) -> tuple[str, ...]:
    """Return an array of strings."""
    found = values.get(key)
    return tuple(item for item in found if isinstance(item, str)) if isinstance(found, list) else ()


def string(values: Table, key: str) -> str:
    """Return a string, empty if it isn't there."""
    found = values.get(key)
    return found if isinstance(found, str) else ""


def poetry(texts: Mapping[str, str], folder: str = "") -> Table:
    """Return Poetry's own table of main dependencies."""
    return section(texts, f"{folder}pyproject.toml", "tool", "poetry", "dependencies")
