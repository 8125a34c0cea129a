"""What this machine offers a release whose packages come from elsewhere: a Python, and what it has of them already."""

import os
import platform
from dataclasses import dataclass

from uncork.errors import UsageError
from uncork.layout import Layout
from uncork.machine import apache, files, processes
from uncork.model import Interpreter
from uncork.recipes.environment import COMPLETE
from uncork.servers import SERVERS
from uncork.workflows.environment import interpreter_for


@dataclass(frozen=True)
class Offer:
    """The Python that a release would run on, the machine's kind and libc, and where its wheels and environments are.

    `environments` are the names of those that are complete, in the folder `venvs`.
    """

    python: Interpreter
    machine: str
    libc: str
    wheels: str
    venvs: str
    environments: tuple[str, ...]


def offer(layout: Layout, app: str, requires_python: str, server: str) -> Offer:
    """Return what there is for a release of that app. Raises UsageError if no Python here will do."""
    at = layout.app(app)
    return Offer(
        python=python_for(requires_python, server),
        machine=platform.machine(),
        libc=os.confstr("CS_GNU_LIBC_VERSION") or "",
        wheels=str(layout.wheels),
        venvs=str(at.venvs),
        environments=tuple(path.name for path in files.names_in(at.venvs) if (path / COMPLETE).exists()),
    )


def python_for(requires_python: str, server: str) -> Interpreter:
    """Return the Python that a release would run on. Raises UsageError if none here will do."""
    if server not in SERVERS:
        raise UsageError(f"there is no server called {server!r}", f"choose one of {', '.join(SERVERS)}")
    module = apache.with_wsgi() if SERVERS[server].needs_apache else None
    return interpreter_for(processes.account(), requires_python, module)
