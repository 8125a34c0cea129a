"""Pipenv's files: Pipfile.lock as pinned requirements, and a Pipfile's packages as requirements."""

import json
from collections.abc import Iterator, Mapping

from uncork.config.text import Table
from uncork.errors import UsageError
from uncork.project.manifests import inside, section, string, strings, tables
from uncork.project.pins import pin
from uncork.project.poetry import stated

_PYPI = ("https://pypi.org/simple", "https://pypi.python.org/simple")


def wanted(texts: Mapping[str, str], path: str) -> tuple[str, ...]:
    """Return the packages of a Pipfile as requirements."""
    return tuple(line for name, value in section(texts, path, "packages").items() for line in stated(name, value))


def locked(texts: Mapping[str, str], path: str) -> tuple[str, ...]:
    """Return the default packages of a Pipfile.lock as pinned requirements, with hashes and markers."""
    lock = _load(texts, path)
    pins = (_pin(name, inside(lock, "default", name)) for name in inside(lock, "default"))
    return (*_indexes(inside(lock, "_meta")), *(line for line in pins if line))


def _load(texts: Mapping[str, str], path: str) -> Table:
    try:
        return inside(json.loads(texts[path]))
    except json.JSONDecodeError as error:
        raise UsageError(
            f"{path}:{error.lineno} is no JSON: {error.msg}", "write it anew with `pipenv lock`"
        ) from error


def _indexes(meta: Table) -> Iterator[str]:
    """Yield the options for other indexes; the first source is Pipenv's default."""
    for number, source in enumerate(tables(meta, "sources")):
        url = string(source, "url")
        if url and not url.rstrip("/").endswith(_PYPI):
            yield f"{'--extra-index-url' if number else '--index-url'} {url}"


def _pin(name: str, details: Table) -> str:
    extras = ",".join(strings(details, "extras"))
    full = f"{name}[{extras}]" if extras else name
    marker = string(details, "markers")
    version = string(details, "version").removeprefix("==")
    if git := string(details, "git"):
        return pin(full, version, marker=marker, url=f"git+{git}@{string(details, 'ref')}")
    if path := string(details, "path"):
        return "" if path == "." else f"./{path.removeprefix('./')}"
    if url := string(details, "file"):
        return pin(full, version, marker=marker, url=url)
    return pin(full, version, strings(details, "hashes"), marker) if version else ""
