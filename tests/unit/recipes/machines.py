"""Machines as `look.sh` saw them: one as it was rented, and one that was set up since."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Final

from uncork.recipes.setup import seen
from uncork.recipes.setup.record import Machine, Undo
from uncork.recipes.setup.seen import Seen
from uncork.recipes.setup.wanted import CONFIGS

DIGEST: Final = "0123456789abcdef"
SAID: Final = Path(__file__).with_name("golden") / "machines"
RECORD: Final = Machine("0.1.0", DIGEST, "3.11.2", "/usr/bin/python3.11", "x86_64", "glibc 2.36")


def bare() -> Seen:
    """A machine as it is rented."""
    return seen.seen((SAID / "bare.tsv").read_text())


def ready() -> Seen:
    """One that was set up by this very uncork."""
    found = seen.seen((SAID / "ready.tsv").read_text())
    ours = {
        str(config.path): seen.Path("file", 0o644, "root", hashlib.sha256(config.content.encode()).hexdigest())
        for config in CONFIGS
    }
    return replace(found, paths={**found.paths, **ours})


def recorded(**undo: tuple[str, ...]) -> Machine:
    """The record of a machine on which that was changed."""
    return replace(RECORD, undo=Undo(**undo))
