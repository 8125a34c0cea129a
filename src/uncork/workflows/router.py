"""uWSGI's router as a front, from an environment of its own: releases come and go, and their environments with them."""

from uncork.fronts.uwsgi_router import COMPLETE, WHEEL, Making, UwsgiRouter
from uncork.layout import Layout
from uncork.machine import processes, pythons, tools
from uncork.model import Account, Interpreter
from uncork.recipes.python import choose, fits


def uwsgi_router(layout: Layout, account: Account | None) -> UwsgiRouter:
    """Return the router, to be installed if it is not yet. Raises UsageError where no Python could run it."""
    venv = layout.home / "bin" / WHEEL.replace("==", "-")
    if (venv / COMPLETE).exists():
        return UwsgiRouter(venv)
    uv = tools.uv()
    return UwsgiRouter(venv, Making(uv, _python(uv, account).path))


def _python(uv: str, account: Account | None) -> Interpreter:
    seen: list[Interpreter] = []
    for interpreter in pythons.interpreters(uv):
        seen.append(interpreter)
        if fits(interpreter, "") and (not account or processes.reachable(interpreter.path, account)):
            return interpreter
    return choose(seen, "", frozenset())
