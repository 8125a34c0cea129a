"""What the names in a tree stand for: files, links that count as what they point to, and what can't be copied."""

import os
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from uncork.machine.walks import walked

_KINDS: Final = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


@dataclass(frozen=True)
class Sorted:
    """The names of what can be copied as a file, in order; what can't be, and why; and what was left out."""

    names: tuple[str, ...]
    refused: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass
class _Heap:
    files: set[str] = field(default_factory=set)
    folders: dict[str, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def sorted_out(root: Path, names: Iterable[str], is_apart: Callable[[str], bool]) -> Sorted:
    """Return what the names in a tree stand for. `root` is a real path; links to what `is_apart` are left out."""
    heap = _Heap()
    for name in names:
        mode = os.lstat(root / name).st_mode
        if stat.S_ISREG(mode):
            heap.files.add(name)
        elif stat.S_ISLNK(mode):
            _sort_link(root, name, heap, is_apart)
        else:
            kind = next((kind for is_kind, kind in _KINDS if is_kind(mode)), "neither a file nor a folder")
            heap.refused.append(f"{name} is {kind}")
    _expand(root, heap)
    return Sorted(tuple(sorted(heap.files)), tuple(heap.refused), tuple(heap.notes))


def _sort_link(root: Path, name: str, heap: _Heap, is_apart: Callable[[str], bool]) -> None:
    path = root / name
    real = Path(os.path.realpath(path))
    if not real.is_relative_to(root):
        heap.refused.append(f"{name} is a link that leads out of the project, to {real}")
    elif is_apart(str(real.relative_to(root))):
        heap.notes.append(f"{name} is a link to {real.relative_to(root)}, which is not copied, and is left out")
    elif real.is_file():
        heap.files.add(name)
    elif not real.is_dir():
        heap.notes.append(f"{name} is a link to nothing ({path.readlink()}), and is left out")
    elif path.parent == real or path.is_relative_to(real):
        heap.refused.append(f"{name} is a link to a folder that holds the link itself")
    else:
        heap.folders[name] = str(real.relative_to(root))


def _expand(root: Path, heap: _Heap) -> None:
    """Let each link to a folder stand for the files in it; a folder reached by two links needs two rounds."""
    for _ in heap.folders:
        before = len(heap.files)
        for link, folder in heap.folders.items():
            inside = [name for name in heap.files if name.startswith(f"{folder}/")]
            files = inside or [n for n in walked(root, folder) if (root / n).is_file() and not (root / n).is_symlink()]
            heap.files |= {f"{link}{name[len(folder) :]}" for name in files}
        if len(heap.files) == before:
            return
