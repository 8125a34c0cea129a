"""uWSGI's router as a front, from an environment of its own: releases come and go, and their environments with them."""

from uncork.fronts.uwsgi_router import COMPLETE, Making, UwsgiRouter
from uncork.layout import Layout
from uncork.machine import processes, pythons, tools
from uncork.model import Account, Interpreter
from uncork.recipes.python import choose, fits
from uncork.servers import SERVERS
from uncork.servers.hashes import hashed
from uncork.serving import ServerSettings


def uwsgi_router(layout: Layout, account: Account | None) -> UwsgiRouter:
    """Return the router, to be installed if it is not yet. Raises UsageError where no Python could run it."""
    requires = SERVERS["uwsgi"].requires(ServerSettings())
    venv = layout.home / "bin" / requires[0].replace("==", "-")
    if (venv / COMPLETE).exists():
        return UwsgiRouter(venv)
    uv = tools.uv()
    return UwsgiRouter(venv, Making(uv, _python(uv, account).path, hashed(requires)))


def _python(uv: str, account: Account | None) -> Interpreter:
    seen: list[Interpreter] = []
    for interpreter in pythons.interpreters(uv):
        seen.append(interpreter)
        if fits(interpreter, "") and (not account or processes.reachable(interpreter.path, account)):
            return interpreter
    return choose(seen, "", frozenset())
