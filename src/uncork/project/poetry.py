"""Poetry's files: its lock as pinned requirements, and its constraints in everybody's words."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from uncork.config.text import Table
from uncork.project.distributions import normalised
from uncork.project.graph import Edge, conditions
from uncork.project.manifests import inside, poetry, string, strings, table, tables
from uncork.project.pins import pin

_CLAUSE: Final = re.compile(r"\s*(\^|~=|~|===?|!=|>=|<=|>|<)?\s*v?([0-9][0-9A-Za-z.+!-]*(?:\.\*)?|\*)\s*")


def specifier(constraint: str) -> str | None:
    """Return a constraint as a specifier (`^1.2` is `>=1.2,<2`), or None for one that specifiers can't say (`||`).

    The rules are those of Poetry's documentation, "Dependency specification".
    """
    clauses = [part for part in re.split(r"[,\s]\s*(?=[\^~=!<>])|,", constraint.strip()) if part.strip()]
    found = [_clause(part) for part in clauses]
    return ",".join(c for c in found if c) if all(c is not None for c in found) else None


def wanted(texts: Mapping[str, str], folder: str = "") -> tuple[str, ...]:
    """Return the main dependencies in pyproject.toml's [tool.poetry] as requirements."""
    values = poetry(texts, folder)
    return tuple(line for name, value in values.items() if name != "python" for line in stated(name, value))


def stated(name: str, value: object) -> Iterator[str]:
    """Yield one dependency, as a table of Poetry's or Pipenv's states it, as requirements; none if it is optional."""
    if isinstance(value, list):
        for item in value:
            yield from stated(name, item)
        return
    details: Table = value if isinstance(value, dict) else {"version": value}
    if details.get("optional") is True:
        return
    marker = " and ".join(_markers(details))
    path = string(details, "path")
    head = f"./{path}" if path else f"{name}{_extended(details)}"
    yield f"{head} ; {marker}" if marker else head


def _extended(details: Table) -> str:
    """Return what stands behind a name: its extras, and the version or the address."""
    extras = ",".join(strings(details, "extras"))
    version = _where(details) or specifier(string(details, "version") or "*") or ""
    return f"[{extras}]{version}" if extras else version


def locked(texts: Mapping[str, str], path: str) -> tuple[str, ...]:
    """Return poetry.lock's main group as pinned requirements, with hashes and markers.

    Locks since Poetry 2.0 name the groups and the marker of each package; from older ones both follow from the graph.
    """
    lock = table(texts, path)
    packages = tuple(p for p in tables(lock, "package") if p.get("optional") is not True)
    old = not any("groups" in package for package in packages)
    reached = _reached(packages, poetry(texts, path.removesuffix("poetry.lock"))) if old else {}
    lines: dict[str, None] = {}
    for package in packages:
        if (marker := _old_marker(package, reached) if old else _marker(package)) is not None:
            lines.update(dict.fromkeys(_index(package)))
            lines[_pin(package, lock, marker)] = None
    return tuple(sorted(lines, key=lambda line: not line.startswith("--")))


def _clause(text: str) -> str | None:
    found = _CLAUSE.fullmatch(text)
    if not found:
        return None
    sign, version = found[1] or "", found[2]
    if version == "*":
        return ""
    if sign in {"^", "~"}:
        return f">={version},<{_next(version, sign)}"
    return f"{sign or '=='}{version}"


def _next(version: str, sign: str) -> str:
    """Return the first version that a caret or a tilde leaves out."""
    parts = [int(part) for part in re.findall(r"\d+", version.partition("-")[0])][:3]
    index = next((i for i, part in enumerate(parts) if part), len(parts) - 1) if sign == "^" else min(1, len(parts) - 1)
    return ".".join(str(part) for part in [*parts[:index], parts[index] + 1])


def _where(details: Table) -> str:
    git = string(details, "git")
    at = string(details, "rev") or string(details, "ref") or string(details, "tag") or string(details, "branch")
    if git:
        return f" @ git+{git}{f'@{at}' if at else ''}"
    url = string(details, "url") or string(details, "file")
    return f" @ {url}" if url else ""


def _markers(details: Table) -> Iterator[str]:
    if marker := string(details, "markers"):
        yield f"({marker})" if " or " in marker else marker
    for clause in (specifier(string(details, "python")) or "").split(","):
        if sign := re.match(r"[<>=!~]+", clause):
            yield f"python_full_version {sign[0]} '{clause[sign.end() :]}'"


def _marker(package: Table) -> str | None:
    if "main" not in strings(package, "groups"):
        return None
    return string(package, "markers") or string(inside(package, "markers"), "main")


def _old_marker(package: Table, reached: Mapping[str, str]) -> str | None:
    if reached:
        return reached.get(normalised(string(package, "name")))
    return "" if string(package, "category") in {"", "main"} else None


def _reached(packages: tuple[Table, ...], wants: Table) -> Mapping[str, str]:
    graph = {normalised(string(p, "name")): tuple(_edges(inside(p, "dependencies"))) for p in packages}
    extras = {normalised(string(p, "name")): _extras(inside(p, "extras")) for p in packages}
    roots = tuple(e for e in _edges(wants) if e.name != "python" and not e.optional)
    return conditions(roots, graph, extras)


def _edges(dependencies: Table) -> Iterator[Edge]:
    for name, value in dependencies.items():
        for item in value if isinstance(value, list) else [value]:
            details: Table = item if isinstance(item, dict) else {}
            marker = " and ".join(_markers(details))
            yield Edge(normalised(name), marker, strings(details, "extras"), details.get("optional") is True)


def _extras(extras: Table) -> Mapping[str, tuple[str, ...]]:
    names = {extra: strings(extras, extra) for extra in extras}
    return {e: tuple(normalised(re.split(r"[\s\[(<>=!~;]", n)[0]) for n in wants) for e, wants in names.items()}


def _pin(package: Table, lock: Table, marker: str) -> str:
    name, version = string(package, "name"), string(package, "version")
    files = tables(package, "files") or tables(inside(lock, "metadata", "files"), name)
    source = inside(package, "source")
    url = string(source, "url")
    match string(source, "type"):
        case "git":
            return pin(name, version, marker=marker, url=f"git+{url}@{string(source, 'resolved_reference')}")
        case "directory" | "file":
            return f"./{url}" + (f" ; {marker}" if marker else "")
        case "url":
            return pin(name, version, marker=marker, url=url)
    return pin(name, version, tuple(string(file, "hash") for file in files), marker)


def _index(package: Table) -> Iterator[str]:
    source = inside(package, "source")
    if string(source, "type") == "legacy":
        yield f"--extra-index-url {string(source, 'url')}"
