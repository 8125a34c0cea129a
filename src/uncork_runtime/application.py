"""Imports a release's run.py, and finds `application` in it for servers that take a callable and not a file."""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from types import ModuleType

    from _typeshed.wsgi import WSGIApplication

NAME: Final = "uncork_run"  # not `run`: a project may have a run.py of its own


class CannotStartError(Exception):
    """The app ended the process while it was imported, which servers would take for a worker that did its work."""


def load() -> WSGIApplication:
    """The WSGI callable of the release that this file lies in.

    A worker that is asked to end while it imports leaves at once: nobody waits for it yet. That stays so until the
    server has a handler of its own. Raises what the app raises, and CannotStartError for an exit.
    """
    if threading.current_thread() is not threading.main_thread():
        return _application()
    before = signal.signal(signal.SIGTERM, _leave)
    loaded = _application()
    if signal.getsignal(signal.SIGTERM) is _leave:
        signal.signal(signal.SIGTERM, before)
    return loaded


def _leave(_number: int, _frame: object) -> None:
    os._exit(0)


def _application() -> WSGIApplication:
    release = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    try:
        return imported(os.path.join(release, "run.py")).application  # type: ignore[no-any-return]
    except SystemExit as exit_:
        raise CannotStartError(f"the app ended the process while it was imported: {exit_}") from exit_


def imported(run: str) -> ModuleType:
    """The module that a release's run.py is. Raises what the app raises."""
    spec = importlib.util.spec_from_file_location(NAME, run)
    if spec is None or spec.loader is None:
        raise ImportError(f"{run} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = module
    spec.loader.exec_module(module)
    return module
