"""What an expert would say about a project at a glance: things that work in development and hurt in production."""

import ast
from collections.abc import Iterator, Mapping

from uncork.model import Place
from uncork.project.modules import Module
from uncork.project.syntax import dotted

_MODULES = {
    "apscheduler": "a scheduler that starts with the app runs its jobs once in each worker process",
    "flask_apscheduler": "a scheduler that starts with the app runs its jobs once in each worker process",
    "flask_socketio": "Socket.IO needs each client to reach the same process: set `processes = 1` and use threads",
}


def advice(module: Module, imported: Mapping[str, Place]) -> tuple[str, ...]:
    """Return a sentence for each such thing, with its place."""
    return (*_secrets(module), *(f"{imported[name]}: {text}" for name, text in _MODULES.items() if name in imported))


def _secrets(module: Module) -> Iterator[str]:
    for node in (n for statement in module.syntax.body for n in ast.walk(statement)):
        if isinstance(node, ast.Assign | ast.Call) and _sets_secret(node):
            yield (
                f"{Place(module.path, node.lineno)}: the secret key is in the source, and whoever reads it can forge "
                "sessions: read it from the environment, and set it with `uncork config set SECRET_KEY=...`"
            )


def _sets_secret(node: ast.Assign | ast.Call) -> bool:
    """Whether a secret key is written out: `app.secret_key = "dev"` or `app.config.from_mapping(SECRET_KEY="dev")`."""
    if isinstance(node, ast.Assign):
        return _is_text(node.value) and any(_is_secret(target) for target in node.targets)
    if not dotted(node.func).endswith((".config.from_mapping", ".config.update")):
        return False
    return any(k.arg == "SECRET_KEY" and _is_text(k.value) for k in node.keywords)


def _is_secret(target: ast.expr) -> bool:
    if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
        return dotted(target.value).endswith("config") and target.slice.value == "SECRET_KEY"
    return dotted(target).endswith(".secret_key")


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
