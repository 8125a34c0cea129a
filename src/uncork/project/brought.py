"""What a release brings itself: uncork's runtime travels in it, so uncork is no dependency of what it serves."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from uncork.model import Dependencies
from uncork.project.manifests import section, strings
from uncork.project.pins import entries

DISTRIBUTION: Final = "uncork"


def without_brought(texts: Mapping[str, str], found: Dependencies) -> Dependencies:
    """Return the dependencies with uncork left out, and a note that says so, where they ask for it."""
    if not any(entry.name == DISTRIBUTION for text in _asked(texts, found) for entry in entries(text)):
        return found
    note = f"{found.files[0]} asks for {DISTRIBUTION}, which each release brings itself: it is left out"
    return replace(found, notes=(*found.notes, note), brought=(DISTRIBUTION,))


def _asked(texts: Mapping[str, str], found: Dependencies) -> Iterator[str]:
    """Yield what is asked for, as texts of requirements."""
    yield "\n".join(found.requirements)
    for path in found.files:
        if path.endswith((".txt", ".in")):
            yield texts[path]
        elif path.endswith("pyproject.toml"):
            yield "\n".join(strings(section(texts, path, "project"), "dependencies"))
