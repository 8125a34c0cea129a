"""One change to a machine: what it is called, what it does in words, the steps, and what will undo it."""

from dataclasses import dataclass
from typing import Final

from uncork.plan import Directory, File, Link, Remove, Run
from uncork.recipes.setup.record import NOTHING, Undo


@dataclass(frozen=True)
class Packages:
    """Install packages by apt, with what they need; which those are is known when apt has been asked."""

    names: tuple[str, ...]
    why: str


@dataclass(frozen=True)
class Bundle:
    """Send uncork itself, and have it in the folder of that digest."""

    digest: str
    known: tuple[str, ...]
    why: str


MachineStep = Directory | File | Link | Remove | Run | Packages | Bundle

APT_TIME: Final = 600.0


@dataclass(frozen=True)
class Change:
    """A change. `tolerant`: that it failed is told, and what comes after is done."""

    name: str
    what: str
    steps: tuple[MachineStep, ...]
    undo: Undo = NOTHING
    tolerant: bool = False
