"""Apps that speak ASGI: found by what makes them, since no server of ours could call one."""

import ast
import re
from typing import Final

from uncork.errors import UsageError
from uncork.model import AppTarget, Place
from uncork.project.candidates import callee
from uncork.project.modules import Modules

ASGI: Final = re.compile(r"^(fastapi\.FastAPI|quart\.Quart|starlette\..*Starlette|sanic\.Sanic|litestar\.Litestar)$")
FIX: Final = (
    "serve it as WSGI, if it need not keep connections open: add a2wsgi to the dependencies, write "
    "`application = a2wsgi.ASGIMiddleware(app)`, and name that with `app`; else a server of ASGI is what it needs"
)


def refuse_asgi(target: AppTarget, modules: Modules) -> None:
    """Raise UsageError where the app is made by a framework of ASGI, in the module that is named."""
    module = modules.find(target.module)
    for statement in module.syntax.body if module else ():
        if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Call) or not module:
            continue
        names = {name.id for name in statement.targets if isinstance(name, ast.Name)}
        made = callee(statement.value, module)
        if target.expression in names and ASGI.match(made):
            raise UsageError(
                f"{Place(module.path, statement.lineno)}: {target.expression} speaks ASGI ({made.partition('.')[0]}), "
                "and the servers here speak WSGI",
                FIX,
            )
