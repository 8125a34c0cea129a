"""The tables that hold the config: the one that holds always, and those of the environments over it."""

import difflib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
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

    def place(self, *key: str) -> str:
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


def read(texts: Mapping[str, str], kinds: Mapping[str, Kind], environment: str) -> dict[str, object]:
    """Return the checked values of the config, the environment's own laid over the rest.

    `texts` are the project's files, path -> text; `kinds` are the keys that there are. Raises UsageError with all
    that is wrong, in the tables of other environments too.
    """
    holder = _holder(texts)
    mistakes: list[_Mistake] = []
    values = _checked(holder, (), holder.values, kinds, mistakes)
    for name, table in _overlays(holder, mistakes):
        own = _checked(holder, (_OVERLAYS, name), table, kinds, mistakes)
        values |= own if name == environment else {}
    mistakes += _unknown_environment(holder, environment)
    if mistakes:
        raise _error(mistakes)
    return values


def project_name(texts: Mapping[str, str]) -> str | None:
    """Return the name under [project] in pyproject.toml."""
    project = _parse(texts, PYPROJECT).get("project")
    name = project.get("name") if isinstance(project, dict) else None
    return name if isinstance(name, str) else None


def _holder(texts: Mapping[str, str]) -> _Holder:
    tool = _parse(texts, PYPROJECT).get("tool")
    found = tool.get("uncork") if isinstance(tool, dict) else None
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


def _checked(
    holder: _Holder, path: Key, table: Table, kinds: Mapping[str, Kind], mistakes: list[_Mistake]
) -> dict[str, object]:
    """Return the values of one table that are right; what is wrong goes to `mistakes`."""
    found: dict[str, object] = {}
    for key, value in table.items():
        if key in kinds:
            try:
                found[key] = kinds[key].read(value)
            except ValueRefusedError as refused:
                mistakes.append(_Mistake(holder.place(*path, key), f"`{key}` {refused.problem}", refused.fix))
        elif path or key != _OVERLAYS:
            mistakes.append(_unknown_key(holder, (*path, key), (*kinds, *(() if path else (_OVERLAYS,)))))
    return found


def _unknown_key(holder: _Holder, path: Key, known: Collection[str]) -> _Mistake:
    nearest = difflib.get_close_matches(path[-1], known, n=1)
    fix = f"write `{nearest[0]}`" if nearest else f"take it out; the keys are {', '.join(sorted(known))}"
    return _Mistake(holder.place(*path), f"`{shown_key(path[-1])}` is no key of {holder.header(*path[:-1])}", fix)


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
