"""The tables of a config: the one that holds always, those of environments over it, those of targets over both."""

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from uncork.config.holder import Holder, find
from uncork.config.text import Key, Table
from uncork.config.values import ENVIRONMENT, HEADER, Kind, ValueRefusedError, shown
from uncork.errors import UsageError
from uncork.serving import THIS_MACHINE

PRODUCTION: Final = "production"
ENVIRONMENTS: Final = ("development", "testing", PRODUCTION)
_OVERLAYS: Final = "environments"
_TARGETS: Final = "targets"


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
    of a table's values can't stand together, `lacking` what they mean nothing without. A value that is no table
    stands for one with that key `short` alone.
    """

    kinds: Mapping[str, Kind]
    tables: Mapping[str, "Shape"] = field(default_factory=dict)
    refused: Mapping[str, ValueRefusedError] = field(default_factory=dict)
    laid_over: Callable[[Table, Table], Table] = lambda base, own: base | own
    conflicts: Callable[[Table], Iterator[Conflict]] = lambda _: iter(())
    lacking: Callable[[Table], Conflict | None] = lambda _: None
    short: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """All that may stand in the table."""
        return (*self.kinds, *self.tables)


@dataclass(frozen=True)
class TargetShape:
    """What the table of a target may hold: `shape` is all of it, `conflicts` are those of the target's own keys."""

    shape: Shape
    conflicts: Callable[[str, Table], Iterator[Conflict]]


@dataclass(frozen=True)
class Found:
    """What a config says: the values that hold, for which environment, and the tables of its targets, by their names.

    A target's own keys are in its table alone, and among `values` where that target was asked for.
    """

    values: Table
    environment: str
    targets: Mapping[str, Table]


def read(
    texts: Mapping[str, str], shape: Shape, environment: str | None, target: str, of_targets: TargetShape
) -> Found:
    """Return the checked values of the config: the environment's own laid over the rest, the target's over both.

    `texts` are the project's files, path -> text; `shape` is what the config may hold. Without an environment it is the
    target's; without a target none counts. Raises UsageError with all that is wrong, in tables that don't count too.
    """
    holder = find(texts)
    mistakes: list[_Mistake] = []
    always = _checked(holder, (), holder.values, shape, mistakes)
    merged = _environments(holder, shape, always, mistakes)
    mistakes += _conflicts(holder, (), shape, always, always)
    targets = _targets(holder, of_targets, merged, always, mistakes)
    every: dict[Key, Table] = {(): always, **{(_OVERLAYS, name): values for name, values in merged.items()}}
    for name, values in targets.items():
        below = merged.get(str(values.get("environment", PRODUCTION)), always)
        every[_TARGETS, name] = _laid_over(of_targets.shape, below, values)
    mistakes += _lacking(holder, shape, every)
    own = targets.get(target, {})
    chosen = str(own.get("environment", PRODUCTION)) if environment is None else environment
    mistakes += _unknown_environment(holder, chosen)
    if target not in {"", THIS_MACHINE, *targets}:
        mistakes.append(_unknown_target(holder, target, targets))
    if mistakes:
        raise _error(mistakes)
    return Found(_laid_over(of_targets.shape, merged.get(chosen, always), own), chosen, targets)


def _environments(holder: Holder, shape: Shape, always: Table, mistakes: list[_Mistake]) -> dict[str, Table]:
    """Return what holds in each environment that has a table of its own."""
    merged = {}
    for name, table in _overlays(holder, _OVERLAYS, "environment", mistakes):
        own = _checked(holder, (_OVERLAYS, name), table, shape, mistakes)
        merged[name] = _laid_over(shape, always, own)
        mistakes += _conflicts(holder, (_OVERLAYS, name), shape, own, merged[name])
    return merged


def _targets(
    holder: Holder, of_targets: TargetShape, merged: Mapping[str, Table], always: Table, mistakes: list[_Mistake]
) -> dict[str, Table]:
    """Return the own values of each target."""
    found = {}
    shape = of_targets.shape
    for name, table in _overlays(holder, _TARGETS, "target", mistakes):
        own = found[name] = _checked(holder, (_TARGETS, name), table, shape, mistakes)
        environment = str(own.get("environment", PRODUCTION))
        below = merged.get(environment, always)
        mistakes += _unknown_environment(holder, environment, holder.place(_TARGETS, name, "environment"))
        mistakes += _conflicts(holder, (_TARGETS, name), shape, own, _laid_over(shape, below, own))
        mistakes += [
            _Mistake(holder.place(_TARGETS, name, one.keys[0]), one.problem, one.fix)
            for one in of_targets.conflicts(name, own)
        ]
        if name != THIS_MACHINE and "hosts" not in table:
            fix = 'name its machines, for example hosts = ["deploy@web1"]'
            mistakes.append(_Mistake(holder.place(_TARGETS, name), f"the target {name} has no `hosts`", fix))
    return found


def _checked(holder: Holder, path: Key, table: Table, shape: Shape, mistakes: list[_Mistake]) -> Table:
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
        elif path or key not in {_OVERLAYS, _TARGETS}:
            mistakes.append(_unknown_key(holder, here, shape))
    return found


def _read(holder: Holder, path: Key, key: str, kind: Kind, value: object, mistakes: list[_Mistake]) -> Table:
    """Return the key with its value, or nothing where the value, which stands at `path`, is wrong."""
    try:
        return {key: kind.read(value)}
    except ValueRefusedError as refused:
        named = "".join((str(path[-1]), *(f"[{k + 1}]" if isinstance(k, int) else f".{k}" for k in refused.inside)))
        place = holder.place(*path, *refused.inside)
        fix = refused.fix.replace(HEADER, f"[{holder.header(*map(str, path))}]")
        mistakes.append(_Mistake(place, f"`{shown_key(named)}` {refused.problem}", fix))
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


def _conflicts(holder: Holder, path: Key, shape: Shape, own: Table, values: Table) -> Iterator[_Mistake]:
    """Yield what can't stand together of `values`, where the table at `path` itself (`own`) brought a part of it."""
    for conflict in (*shape.conflicts(own), *shape.conflicts(values)):
        said = [key for key in conflict.keys if key in own]
        if said:
            yield _Mistake(holder.place(*path, said[0]), conflict.problem, conflict.fix)
            break
    for key, inner in shape.tables.items():
        yield from _conflicts(holder, (*path, key), inner, _below(own, key), _below(values, key))


def _lacking(holder: Holder, shape: Shape, every: Mapping[Key, Table]) -> Iterator[_Mistake]:
    """Yield what means nothing in any of the tables, by their paths, each laid over what is below it."""
    for key, inner in shape.tables.items():
        said = {path: found for path, values in every.items() if (found := _below(values, key))}
        lacking = {path: conflict for path, found in said.items() if (conflict := inner.lacking(found))}
        if lacking and len(lacking) == len(said):
            path, conflict = next(iter(lacking.items()))
            yield _Mistake(holder.place(*path, key, conflict.keys[0]), conflict.problem, conflict.fix)


def _unknown_key(holder: Holder, path: Key, shape: Shape) -> _Mistake:
    *above, key = path
    plain = key.lower().removeprefix(f"{above[-1] if above else ''}_")
    header = holder.header(*above)
    if plain in shape.refused:
        refused = shape.refused[plain]
        return _Mistake(holder.place(*path), f"`{shown_key(key)}` in {header}: {refused.problem}", refused.fix)
    known = (*shape.names, *(() if above else (_OVERLAYS, _TARGETS)))
    nearest = difflib.get_close_matches(plain, known, n=1) or difflib.get_close_matches(key, known, n=1)
    fix = f"write `{nearest[0]}`" if nearest else f"take it out; the keys are {', '.join(sorted(known))}"
    return _Mistake(holder.place(*path), f"`{shown_key(key)}` is no key of {header}", fix)


def shown_key(key: str) -> str:
    """Return a key as it is named in a message, whatever is in it."""
    return key if key and key.isprintable() else ascii(key)


def _overlays(holder: Holder, under: str, what: str, mistakes: list[_Mistake]) -> Iterator[tuple[str, Table]]:
    """Yield the environments (or targets) that have a table of their own, and the tables."""
    found = holder.values.get(under, {})
    if not isinstance(found, dict):
        mistakes.append(_no_table(holder, (under,), holder.header(under, PRODUCTION)))
        return
    for name, table in found.items():
        try:
            ENVIRONMENT.read(name)
        except ValueRefusedError as refused:
            place = holder.place(under, name)
            mistakes.append(_Mistake(place, f"the {what}'s name {refused.problem}", refused.fix))
            continue
        if isinstance(table, dict):
            yield name, table
        else:
            mistakes.append(_no_table(holder, (under, name), holder.header(under, name)))


def _no_table(holder: Holder, path: Key, header: str) -> _Mistake:
    return _Mistake(holder.place(*path), f"`{'.'.join(path)}` is no table", f"write {header}, and the keys under it")


def _unknown_environment(holder: Holder, environment: str, place: str = "") -> Iterator[_Mistake]:
    found = holder.values.get(_OVERLAYS)
    known = sorted({*ENVIRONMENTS, *(found if isinstance(found, dict) else ())})
    if environment in known:
        return
    try:
        ENVIRONMENT.read(environment)
    except ValueRefusedError as refused:
        yield _Mistake(place, f"the environment's name {refused.problem}", refused.fix)
        return
    nearest = difflib.get_close_matches(environment, known, n=1)
    instead = f"`{nearest[0]}`" if nearest else f"one of {', '.join(known)}"
    header = holder.header(_OVERLAYS, environment)
    yield _Mistake(
        place, f"there is no environment `{environment}`", f"take {instead}, or write {header} in {holder.file}"
    )


def _unknown_target(holder: Holder, target: str, known: Mapping[str, Table]) -> _Mistake:
    nearest = difflib.get_close_matches(target, (*known, THIS_MACHINE), n=1)
    instead = f"`{nearest[0]}`" if nearest else f"one of {', '.join((*known, THIS_MACHINE))}"
    header = holder.header(_TARGETS, target if target.isidentifier() else PRODUCTION)
    fix = f"take {instead}, or write {header} with its `hosts` in {holder.file}"
    return _Mistake("", f"there is no target {shown(target)}", fix)


def _error(mistakes: list[_Mistake]) -> UsageError:
    if len(mistakes) == 1:
        return UsageError(str(mistakes[0]), mistakes[0].fix)
    lines = [f"  {mistake}\n    {mistake.fix}" for mistake in mistakes]
    return UsageError("\n".join([f"the config has {len(mistakes)} mistakes:", *lines]), "correct each as it says")
