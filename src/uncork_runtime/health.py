"""Whether this process should get requests: it does not drain, and no check that the app registered fails."""

from __future__ import annotations

import os
import threading
import time
from contextlib import AbstractContextManager, nullcontext
from typing import Callable, Final, TypeVar

Check = Callable[[], object]
Context = Callable[[], "AbstractContextManager[object]"]
Function = TypeVar("Function", bound=Check)

MOST: Final = 5.0
"""Seconds that all checks have together, which run side by side."""
LONGEST: Final = 300
"""Characters of a reason: some errors quote whole statements."""

# Set when this process should get no more traffic.
draining: Final = threading.Event()
# By name; what a check left running when its time was over is not started again beside it.
_checks: Final[dict[str, Check]] = {}
_running: Final[dict[str, _Run]] = {}


def check(name: str) -> Callable[[Function], Function]:
    """Register a function as the check of that name: it fails if it raises or returns False.

    It runs in a thread of its own, for a Flask app in its app context, whenever somebody asks whether the app is
    ready: at a deploy, which refuses a release whose check fails.
    """

    def register(function: Function) -> Function:
        _checks[name] = function
        return function

    return register


def unready(context: Context = nullcontext) -> tuple[str, ...]:
    """Why there should be no requests, a line for each reason; empty if all is well."""
    if draining.is_set() or os.path.exists(os.path.join(os.environ.get("UNCORK_RUN") or os.devnull, "draining")):
        return ("draining",)
    runs = [_begin(name, function, context) for name, function in sorted(_checks.items())]
    deadline = time.monotonic() + MOST
    for run in runs:
        run.join(max(0.0, deadline - time.monotonic()))
    return tuple(f"{run.name}: {run.reason}" for run in runs if run.reason)


def _begin(name: str, function: Check, context: Context) -> _Run:
    run = _running.get(name)
    if run is None or not run.is_alive():
        run = _running[name] = _Run(name, function, context)
        run.start()
    return run


class _Run(threading.Thread):
    """One run of a check; `reason` is why it fails, or what stands for that while it has not ended."""

    def __init__(self, name: str, function: Check, context: Context) -> None:
        super().__init__(name=name, daemon=True)
        self._function = function
        self._context = context
        self.reason = f"it has not ended after {MOST:g} s"

    def run(self) -> None:
        try:
            with self._context():
                well = self._function() is not False
        except BaseException as error:  # noqa: BLE001 - whatever it is, the check fails
            self.reason = " ".join(f"{type(error).__name__}: {error}".split())[:LONGEST]
        else:
            self.reason = "" if well else "it returned False"
