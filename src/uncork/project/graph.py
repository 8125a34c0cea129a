"""Which distributions a project needs by way of others, and on which machines."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Edge:
    """One distribution that is required: under a marker (empty: always), with extras of its own.

    An optional one is required only when an extra of the distribution that requires it names it.
    """

    name: str
    marker: str = ""
    extras: tuple[str, ...] = ()
    optional: bool = False


Conditions = frozenset[str]
"""Markers that must all hold; none means always."""


def conditions(
    roots: Iterable[Edge],
    graph: Mapping[str, tuple[Edge, ...]],
    extras: Mapping[str, Mapping[str, tuple[str, ...]]],
) -> Mapping[str, str]:
    """Return all that is needed, each with the marker under which it is: an empty one means always."""
    found: dict[str, set[Conditions]] = {}
    waiting = [(edge, Conditions()) for edge in roots]
    seen: set[tuple[Edge, Conditions]] = set()
    while waiting:
        edge, above = waiting.pop()
        here = above | {edge.marker} - {""}
        if (edge, here) in seen or (not edge.extras and _covered(here, found.get(edge.name, set()))):
            continue
        seen.add((edge, here))
        found.setdefault(edge.name, set()).add(here)
        chosen = {name for extra in edge.extras for name in extras.get(edge.name, {}).get(extra, ())}
        waiting += [(e, here) for e in graph.get(edge.name, ()) if not e.optional or e.name in chosen]
    return {name: _either(ways) for name, ways in found.items() if name in graph}


def closure(roots: Iterable[str], requires: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """Return the names with all that they require, directly or not."""
    return frozenset(_closure(roots, requires))


def _closure(roots: Iterable[str], requires: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    waiting, seen = list(roots), set[str]()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            yield name
            waiting += requires.get(name, ())


def _covered(here: Conditions, ways: set[Conditions]) -> bool:
    return any(way <= here for way in ways)


def _either(ways: set[Conditions]) -> str:
    if Conditions() in ways:
        return ""
    return " or ".join(_all(sorted(f"({marker})" for marker in way)) for way in sorted(ways, key=sorted))


def _all(markers: list[str]) -> str:
    return markers[0] if len(markers) == 1 else f"({' and '.join(markers)})"
