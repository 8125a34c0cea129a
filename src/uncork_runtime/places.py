"""Where in the code something happened: the frames of an error, and which of them are the project's own."""

from __future__ import annotations

import os
import re
from types import FrameType, TracebackType
from typing import Final, NamedTuple, Optional

# What differs between releases and machines, though the code is the same.
INSTALLED: Final = re.compile(r".*/(?:(?:site|dist)-packages|lib/python3\.\d+)/")
RUNTIME: Final = os.path.dirname(os.path.realpath(__file__))


class Place(NamedTuple):
    """A line of a function; `file` is relative to the project, or to where libraries are installed."""

    file: str
    line: int
    function: str
    own: bool

    def __str__(self) -> str:
        """Return the place as `shop/views.py:41 in buy`."""
        return f"{self.file}:{self.line} in {self.function}" if self.file else ""


class Frame(NamedTuple):
    """A frame that an error passed, and where it left it."""

    place: Place
    path: str
    frame: FrameType


class Source:
    """The folder of a project, which tells its own files from those of libraries."""

    def __init__(self, folder: str) -> None:
        """Know the folder by its real path."""
        self._root = os.path.realpath(folder) + os.sep
        self._known: dict[str, tuple[str, bool]] = {}

    def place(self, path: str, line: int, function: str) -> Place:
        """The place of that line of a file."""
        found = self._known.get(path)
        if found is None:
            found = self._known[path] = self._told(path)
        return Place(found[0], line, function, found[1])

    def frames(self, traceback: Optional[TracebackType]) -> list[Frame]:
        """The frames of a traceback, the outermost first, without the runtime's."""
        found = []
        while traceback is not None:
            frame = traceback.tb_frame
            path = frame.f_code.co_filename
            if not path.startswith(RUNTIME):
                found.append(Frame(self.place(path, traceback.tb_lineno, frame.f_code.co_name), path, frame))
            traceback = traceback.tb_next
        return found

    def _told(self, path: str) -> tuple[str, bool]:
        installed = INSTALLED.match(path)
        if installed:
            return path[installed.end() :], False
        real = path if path.startswith(self._root) else os.path.realpath(path)
        own = real.startswith(self._root) and not path.startswith("<")
        return (real[len(self._root) :] if own else path), own


def deepest(frames: list[Frame]) -> Place:
    """Where an error comes from: the deepest of the project's own frames, else the deepest of all."""
    own = [one.place for one in frames if one.place.own]
    return (own or [one.place for one in frames] or [Place("", 0, "", own=False)])[-1]
