"""A lab, machines in it, and somebody who has the command and an SSH key."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.lab import bridge
from tests.e2e.lab.bridge import Lab
from tests.e2e.lab.client import Client
from tests.e2e.lab.client import client as made
from tests.e2e.lab.image import alone, image
from tests.e2e.lab.index import index
from tests.e2e.lab.machines import Machine

# Whose tests they are, and which worker of pytest-xdist runs them: each has a bridge of its own.
WORKER: Final = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
WHOSE: Final = int(os.environ.get("UNCORK_LAB", "1"))
NUMBER: Final = (WHOSE + 30 * WORKER - 1) % 250 + 1


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """The lab of this run: its number tells it from others on this computer."""
    if lacking := bridge.lacks():
        pytest.skip(f"real machines need {lacking}")
    found = image()
    with bridge.lab(NUMBER, found) as lab, index(lab.bridge, found, lab.folder / "www"):
        yield lab


@pytest.fixture(scope="session")
def set_up(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `server setup` changes on a machine, for others to begin with: one worker sets it up for all."""
    own = tmp_path_factory.getbasetemp()
    kept = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "set-up"
    with alone(f"set-up-{WHOSE}"):
        if not kept.exists():
            machine = lab.boot()
            with made(lab, tmp_path_factory.mktemp("admin") / "home") as admin:
                admin.run("server", "setup", machine.name, timeout=300).ok()
            lab.layer(machine, kept)
    return kept


@pytest.fixture
def bare(lab: Lab) -> Iterator[Machine]:
    """A machine as a hoster gives it."""
    with booted(lab) as (machine,):
        yield machine


@pytest.fixture
def ready(lab: Lab, set_up: Path) -> Iterator[Machine]:
    """A machine that was set up, with nothing deployed to it."""
    with booted(lab, set_up) as (machine,):
        yield machine


@pytest.fixture
def three(lab: Lab, set_up: Path) -> Iterator[tuple[Machine, ...]]:
    """Three machines that were set up."""
    with booted(lab, set_up, count=3) as machines:
        yield machines


@pytest.fixture
def client(lab: Lab, tmp_path: Path) -> Iterator[Client]:
    """Somebody whose SSH leads to each machine by its name, as deploy, who may do all by sudo."""
    with made(lab, tmp_path / "home") as client:
        yield client


@contextmanager
def booted(lab: Lab, *layers: Path, count: int = 1, disk: str = "") -> Iterator[tuple[Machine, ...]]:
    """Boot so many machines while a `with` block runs: for fixtures of a module's own."""
    machines = [lab.begin(*layers, disk=disk) for _ in range(count)]
    for machine in machines:
        machine.wait()
    yield tuple(machines)
    for machine in machines:
        lab.end(machine)
