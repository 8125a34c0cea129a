"""Walking a folder without what tools make: environments, caches, what a version control keeps for itself."""

import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath
from typing import Final

_FOLDERS: Final = re.compile(
    r"\.git|\.hg|\.svn|\.venv|venv|__pycache__|node_modules|\.tox|\.nox|\.(mypy|pytest|ruff)_cache|.*\.egg-info"
)
_FILES: Final = re.compile(r"\.git|.*\.py[co]|\.DS_Store|\.#.*", re.DOTALL)
_ENVIRONMENT: Final = "pyvenv.cfg"


def walked(root: Path, below: str = "") -> Iterator[str]:
    """Yield the names of all files below a folder, links as themselves, in order. Raises OSError if it can't."""
    with os.scandir(root / below) as scan:
        entries = sorted(scan, key=lambda entry: entry.name)
    if below and any(entry.name == _ENVIRONMENT for entry in entries):
        return
    for entry in entries:
        name = f"{below}/{entry.name}" if below else entry.name
        if not entry.is_dir(follow_symlinks=False):
            if not _FILES.fullmatch(entry.name):
                yield name
        elif not _FOLDERS.fullmatch(entry.name):
            yield from walked(root, name)


def is_made(name: str, names: Collection[str]) -> bool:
    """Whether a file, among the names in a tree, is one that `walked` would leave out."""
    path = PurePosixPath(name)
    if _FILES.fullmatch(path.name) or any(_FOLDERS.fullmatch(part) for part in path.parent.parts):
        return True
    return any(f"{folder}/{_ENVIRONMENT}" in names for folder in path.parents if str(folder) != ".")
