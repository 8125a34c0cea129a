"""What an installed distribution would say of itself: the app is copied, not installed, and may ask all the same."""

import re
from collections.abc import Mapping
from typing import Final

from uncork.config.text import Table
from uncork.project.manifests import inside, section, string

# What PEP 440 allows a version to hold, and a file's name too.
VERSION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]{0,99}")
NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")


def metadata(texts: Mapping[str, str]) -> Mapping[str, str]:
    """Return the files of a `.dist-info` folder (path -> content) that `importlib.metadata` reads a project from.

    None if pyproject.toml does not state both name and version: a version that a build tool would work out is not
    guessed. Entry points count too: Flask looks for its own commands there.
    """
    project = section(texts, "pyproject.toml", "project")
    name, version = string(project, "name"), string(project, "version")
    if not (NAME.fullmatch(name) and VERSION.fullmatch(version)):
        return {}
    folder = f"{re.sub(r'[-_.]+', '_', name).lower()}-{version}.dist-info"
    files = {f"{folder}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"}
    points = _entry_points(inside(project, "entry-points"))
    return {**files, f"{folder}/entry_points.txt": points} if points else files


def _entry_points(groups: Table) -> str:
    sections = ((group, values) for group, values in groups.items() if isinstance(values, dict))
    return "\n".join(
        "\n".join((f"[{group}]", *(f"{name} = {value}" for name, value in values.items()), ""))
        for group, values in sections
    )
