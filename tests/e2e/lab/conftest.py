"""A lab, machines in it, and somebody who has the command and an SSH key."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.lab import machines
from tests.e2e.lab.image import image
from tests.e2e.lab.machines import Lab, Machine

NUMBER: Final = int(os.environ.get("UNCORK_LAB", "1"))


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """The lab of this run: its number tells it from others on this computer."""
    if lacking := machines.lacks():
        pytest.skip(f"real machines need {lacking}")
    with machines.lab(NUMBER, image()) as lab:
        yield lab


@pytest.fixture
def bare(lab: Lab) -> Iterator[Machine]:
    """A machine as a hoster gives it."""
    machine = lab.boot()
    yield machine
    lab.end(machine)
