"""Log handlers that a project makes itself and that hurt in production: found by reading its source."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Final

from uncork.model import Place
from uncork.project.finding import is_searched
from uncork.project.modules import Module, Modules
from uncork.project.syntax import dotted

_SMTP: Final = (
    "{name} blocks the request until the mail server has taken the mail, sends one for each error, and can't speak to "
    "port 465: take it out, and write `server` and `admins` under [mail], or set MAIL_SERVER and ADMINS in the app's "
    "config; while it is there, uncork mails nothing that it mails"
)
_ROTATING: Final = (
    "{name} loses lines, since several processes rotate one file: take it out, and log to the app's logger "
    "(`app.logger`); uncork writes the file, and rotates it by `rotate_size` and `rotate_age` under [logging]"
)
_FILE: Final = (
    "{name} writes a file that uncork does not rotate: take it out, and log to the app's logger (`app.logger`); uncork "
    "writes the file, and rotates it"
)
_ADVICE: Final = {
    "logging.handlers.SMTPHandler": _SMTP,
    "logging.handlers.RotatingFileHandler": _ROTATING,
    "logging.handlers.TimedRotatingFileHandler": _ROTATING,
    "logging.handlers.WatchedFileHandler": _FILE,
    "logging.FileHandler": _FILE,
}
_BASIC: Final = "logging.basicConfig"
_TEST: Final = re.compile(r"test_.*|.*_tests?|tests?|conftest")
Names = Mapping[str, str]
"""What each name that a module imports stands for, as in {"h": "logging.handlers"}."""


def handlers(modules: Modules) -> tuple[str, ...]:
    """Return a sentence, with its place, for each such handler in a project's code, but for that of its tests."""
    return tuple(sentence for path in modules.files if _is_code(path) for sentence in _in(modules.at(path, "")))


def _is_code(path: str) -> bool:
    return is_searched(path) and not _TEST.fullmatch(PurePosixPath(path).stem)


def _in(module: Module) -> Iterator[str]:
    if "Handler" not in module.text and "basicConfig" not in module.text:
        return
    nodes = [node for statement in module.syntax.body for node in ast.walk(statement)]
    names = dict(pair for node in nodes for pair in _imported(node))
    found = {node.lineno: name for node in nodes if isinstance(node, _MAKERS) for name in _made(node, names)}
    for line, name in sorted(found.items()):
        shown = name.rpartition(".")[2]
        yield f"{Place(module.path, line)}: {_ADVICE[name].format(name=shown)}"


_MAKERS: Final = (ast.Call, ast.ClassDef, ast.Dict)


def _imported(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield the names of a module of logging's that a statement binds, wherever in the source it stands."""
    match node:
        case ast.Import():
            for alias in node.names:
                first = alias.name.partition(".")[0]
                yield alias.asname or first, alias.name if alias.asname else first
        case ast.ImportFrom(module=str() as base, level=0):
            for alias in node.names:
                yield alias.asname or alias.name, f"{base}.{alias.name}"
            if any(alias.name == "*" for alias in node.names):
                yield from ((name.removeprefix(f"{base}."), name) for name in _ADVICE if name.startswith(f"{base}."))


def _made(node: ast.Call | ast.ClassDef | ast.Dict, names: Names) -> Iterator[str]:
    """Yield the handlers that are made: by a call, as the base of a class, or by name for a dictConfig."""
    match node:
        case ast.Call():
            yield from _called(node, names)
        case ast.ClassDef():
            yield from (name for base in node.bases if (name := _whole(base, names)) in _ADVICE)
        case ast.Dict():
            pairs = zip(node.keys, node.values, strict=True)
            classes = (_text(value) for key, value in pairs if key and _text(key) == "class")
            yield from (name for name in classes if name in _ADVICE)


def _called(call: ast.Call, names: Names) -> Iterator[str]:
    name = _whole(call.func, names)
    if name in _ADVICE:
        yield name
    elif name == _BASIC and any(keyword.arg == "filename" for keyword in call.keywords):
        yield "logging.FileHandler"


def _whole(node: ast.expr, names: Names) -> str:
    """Return the whole name of what an expression names, whatever it is called in the module."""
    first, dot, rest = dotted(node).partition(".")
    return f"{names.get(first, first)}{dot}{rest}"


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
