"""The tables that hold the config: the one that holds always, and those of the environments over it."""

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from uncork.config.text import Key, Table, TextError, line_of, parse
from uncork.config.values import ENVIRONMENT, Kind, ValueRefusedError
from uncork.errors import UsageError

ENVIRONMENTS: Final = ("development", "testing", "production")
OWN_FILE: Final = "uncork.toml"
PYPROJECT: Final = "pyproject.toml"
_OVERLAYS: Final = "environments"


@dataclass(frozen=True)
class _Holder:
    """The file that holds the config, and the path of keys that leads to it there."""

    file: str
    text: str
    path: Key
    values: Table

    def place(self, *key: str | int) -> str:
        """Where that key stands: file and line."""
        return f"{self.file}:{line_of(self.text, (*self.path, *key))}"

    def header(self, *key: str) -> str:
        """How the table of that key is written."""
        path = ".".join((*self.path, *key))
        return f"[{path}]" if path else f"the top of {self.file}"


@dataclass(frozen=True)
class _Mistake:
    """One thing that is wrong, and what to write instead; `place` is empty where it stands in no file."""

    place: str
    problem: str
    fix: str

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}" if self.place else self.problem


@dataclass(frozen=True)
class Conflict:
    """Keys that can't stand together as they do, why not, and what to write instead."""

    keys: tuple[str, ...]
    problem: str
    fix: str


@dataclass(frozen=True)
class Shape:
    """What a table may hold: keys, each of a kind, tables below it, and keys that it refuses by name.

    `laid_over` gives the values of an environment's own such table over those that hold always; `conflicts` tells what
    of a table's values can't stand together. A value that is no table stands for one with that key `short` alone.
    """

    kinds: Mapping[str, Kind]
    tables: Mapping[str, "Shape"] = field(default_factory=dict)
    refused: Mapping[str, ValueRefusedError] = field(default_factory=dict)
    laid_over: Callable[[Table, Table], Table] = lambda base, own: base | own
    conflicts: Callable[[Table], Iterator[Conflict]] = lambda _: iter(())
    short: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """All that may stand in the table."""
        return (*self.kinds, *self.tables)


def read(texts: Mapping[str, str], shape: Shape, environment: str) -> Table:
    """Return the checked values of the config, the environment's own laid over the rest.

    `texts` are the project's files, path -> text; `shape` is what the config may hold. Raises UsageError with all that
    is wrong, in the tables of other environments too.
    """
    holder = _holder(texts)
    mistakes: list[_Mistake] = []
    values = always = _checked(holder, (), holder.values, shape, mistakes)
    for name, table in _overlays(holder, mistakes):
        own = _checked(holder, (_OVERLAYS, name), table, shape, mistakes)
        merged = _laid_over(shape, always, own)
        mistakes += _conflicts(holder, (_OVERLAYS, name), shape, own, merged)
        values = merged if name == environment else values
    mistakes += _conflicts(holder, (), shape, always, always)
    mistakes += _unknown_environment(holder, environment)
    if mistakes:
        raise _error(mistakes)
    return values


def project_name(texts: Mapping[str, str]) -> str | None:
    """Return the name under [project] in pyproject.toml."""
    project = _parse(texts, PYPROJECT).get("project")
    name = project.get("name") if isinstance(project, dict) else None
    return name if isinstance(name, str) else None


def is_in(pyproject: str) -> bool:
    """Return whether the text of a pyproject.toml has a config of uncork's."""
    return _tool({PYPROJECT: pyproject}) is not None


def _tool(texts: Mapping[str, str]) -> object:
    tool = _parse(texts, PYPROJECT).get("tool")
    return tool.get("uncork") if isinstance(tool, dict) else None


def _holder(texts: Mapping[str, str]) -> _Holder:
    found = _tool(texts)
    holder = _Holder(PYPROJECT, texts.get(PYPROJECT, ""), ("tool", "uncork"), {})
    if found is not None and OWN_FILE in texts:
        raise UsageError(
            f"{holder.place()}: the config is here and in {OWN_FILE} too",
            f"keep one of them: move the keys of [tool.uncork] to the top of {OWN_FILE}, or remove {OWN_FILE}",
        )
    if OWN_FILE in texts:
        return _Holder(OWN_FILE, texts[OWN_FILE], (), _parse(texts, OWN_FILE))
    if not isinstance(found, dict | None):
        raise UsageError(f"{holder.place()}: `uncork` is no table", "write [tool.uncork], and the keys under it")
    return replace(holder, values=found or {})


def _parse(texts: Mapping[str, str], file: str) -> Table:
    try:
        return parse(texts.get(file, ""))
    except TextError as error:
        raise UsageError(f"{file}:{error.line}: this is not TOML: {error.problem}", "correct that line") from error


def _checked(holder: _Holder, path: Key, table: Table, shape: Shape, mistakes: list[_Mistake]) -> Table:
    """Return the values of one table that are right; what is wrong goes to `mistakes`."""
    found: Table = {}
    for key, value in table.items():
        here = (*path, key)
        inner = shape.tables.get(key)
        if key in shape.kinds:
            found |= _read(holder, here, key, shape.kinds[key], value, mistakes)
        elif inner and isinstance(value, dict):
            found[key] = _checked(holder, here, value, inner, mistakes)
        elif inner and inner.short:
            found[key] = _read(holder, here, inner.short, inner.kinds[inner.short], value, mistakes)
        elif inner:
            mistakes.append(_no_table(holder, here, holder.header(*here)))
        elif path or key != _OVERLAYS:
            mistakes.append(_unknown_key(holder, here, shape))
    return found


def _read(holder: _Holder, path: Key, key: str, kind: Kind, value: object, mistakes: list[_Mistake]) -> Table:
    """Return the key with its value, or nothing where the value, which stands at `path`, is wrong."""
    try:
        return {key: kind.read(value)}
    except ValueRefusedError as refused:
        named = "".join((str(path[-1]), *(f"[{k + 1}]" if isinstance(k, int) else f".{k}" for k in refused.inside)))
        place = holder.place(*path, *refused.inside)
        mistakes.append(_Mistake(place, f"`{shown_key(named)}` {refused.problem}", refused.fix))
        return {}


def _laid_over(shape: Shape, base: Table, own: Table) -> Table:
    below = {
        key: _laid_over(inner, _below(base, key), _below(own, key))
        for key, inner in shape.tables.items()
        if key in base or key in own
    }
    return shape.laid_over(base, own) | below


def _below(table: Table, key: str) -> Table:
    found = table.get(key)
    return found if isinstance(found, dict) else {}


def _conflicts(holder: _Holder, path: Key, shape: Shape, own: Table, values: Table) -> Iterator[_Mistake]:
    """Yield what can't stand together of `values`, where the table at `path` itself (`own`) brought a part of it."""
    for conflict in (*shape.conflicts(own), *shape.conflicts(values)):
        said = [key for key in conflict.keys if key in own]
        if said:
            yield _Mistake(holder.place(*path, said[0]), conflict.problem, conflict.fix)
            break
    for key, inner in shape.tables.items():
        yield from _conflicts(holder, (*path, key), inner, _below(own, key), _below(values, key))


def _unknown_key(holder: _Holder, path: Key, shape: Shape) -> _Mistake:
    *above, key = path
    plain = key.lower().removeprefix(f"{above[-1] if above else ''}_")
    header = holder.header(*above)
    if plain in shape.refused:
        refused = shape.refused[plain]
        return _Mistake(holder.place(*path), f"`{shown_key(key)}` in {header}: {refused.problem}", refused.fix)
    known = (*shape.names, *(() if above else (_OVERLAYS,)))
    nearest = difflib.get_close_matches(plain, known, n=1) or difflib.get_close_matches(key, known, n=1)
    fix = f"write `{nearest[0]}`" if nearest else f"take it out; the keys are {', '.join(sorted(known))}"
    return _Mistake(holder.place(*path), f"`{shown_key(key)}` is no key of {header}", fix)


def shown_key(key: str) -> str:
    """Return a key as it is named in a message, whatever is in it."""
    return key if key.isprintable() else ascii(key)


def _overlays(holder: _Holder, mistakes: list[_Mistake]) -> Iterator[tuple[str, Table]]:
    """Yield the environments that have a table of their own, and the tables."""
    found = holder.values.get(_OVERLAYS, {})
    if not isinstance(found, dict):
        mistakes.append(_no_table(holder, (_OVERLAYS,), holder.header(_OVERLAYS, "production")))
        return
    for name, table in found.items():
        try:
            ENVIRONMENT.read(name)
        except ValueRefusedError as refused:
            place = holder.place(_OVERLAYS, name)
            mistakes.append(_Mistake(place, f"the environment's name {refused.problem}", refused.fix))
            continue
        if isinstance(table, dict):
            yield name, table
        else:
            mistakes.append(_no_table(holder, (_OVERLAYS, name), holder.header(_OVERLAYS, name)))


def _no_table(holder: _Holder, path: Key, header: str) -> _Mistake:
    return _Mistake(holder.place(*path), f"`{'.'.join(path)}` is no table", f"write {header}, and the keys under it")


def _unknown_environment(holder: _Holder, environment: str) -> Iterator[_Mistake]:
    found = holder.values.get(_OVERLAYS)
    known = sorted({*ENVIRONMENTS, *(found if isinstance(found, dict) else ())})
    if environment in known:
        return
    try:
        ENVIRONMENT.read(environment)
    except ValueRefusedError as refused:
        yield _Mistake("", f"the environment's name {refused.problem}", refused.fix)
        return
    nearest = difflib.get_close_matches(environment, known, n=1)
    instead = f"`{nearest[0]}`" if nearest else f"one of {', '.join(known)}"
    header = holder.header(_OVERLAYS, environment)
    yield _Mistake(
        "", f"there is no environment `{environment}`", f"take {instead}, or write {header} in {holder.file}"
    )


def _error(mistakes: list[_Mistake]) -> UsageError:
    if len(mistakes) == 1:
        return UsageError(str(mistakes[0]), mistakes[0].fix)
    lines = [f"  {mistake}\n    {mistake.fix}" for mistake in mistakes]
    return UsageError("\n".join([f"the config has {len(mistakes)} mistakes:", *lines]), "correct each as it says")
