"""Which Python a project asks for."""

import re
from collections.abc import Mapping
from typing import Final

from uncork.project.manifests import poetry, section
from uncork.project.poetry import specifier

_VERSION: Final = re.compile(r"(?:cpython[-@]?)?(3\.\d+)(?:\.\d+)?(?:[a-z]+\d*)?")


def requires_python(texts: Mapping[str, str]) -> str:
    """Return what the project says of its Python as a specifier (`>=3.10,<3.13`, `==3.12.*`), or an empty string.

    `[project] requires-python` comes first, then `.python-version`, then Poetry's own constraint. A patch version in
    `.python-version` counts as its minor version: which patch is at hand is the machine's business.
    """
    stated = section(texts, "pyproject.toml", "project").get("requires-python")
    if isinstance(stated, str) and stated.strip():
        return stated.strip()
    lines = (line.strip() for line in texts.get(".python-version", "").splitlines())
    first = next((line for line in lines if line and not line.startswith("#")), "")
    if version := _VERSION.fullmatch(first):
        return f"=={version[1]}.*"
    constraint = poetry(texts).get("python")
    return specifier(constraint) or "" if isinstance(constraint, str) else ""
