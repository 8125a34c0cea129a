"""An app that is named: by `app` in the config or by FLASK_APP, in Python's words or in Flask's."""

import ast
import difflib
import re
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Final, NoReturn

from uncork.errors import UsageError
from uncork.model import AppTarget, Place
from uncork.project.candidates import best, function, is_wsgi_function, named
from uncork.project.choice import search, several, target_of
from uncork.project.factories import call
from uncork.project.modules import Imported, Module, Modules, package_root
from uncork.project.syntax import dotted

# Flask's own way to tell the colon before a name from the one of a Windows drive (flask.cli.ScriptInfo.load_app).
_COLON: Final = re.compile(r":(?![\\/])")
FLASK_APP: Final = "FLASK_APP"


@dataclass(frozen=True)
class Named:
    """What somebody wrote down as the app, and where: a place in the config, or `FLASK_APP`."""

    value: str
    by: str

    def refuse(self, problem: str, fix: str) -> NoReturn:
        """Raise the error that says what is wrong with the value."""
        raise UsageError(f"{self.by} is {self.value!r}, but {problem}", fix)

    def nearest(self, word: str, known: tuple[str, ...], otherwise: str) -> str:
        """Return the advice that names what is there and looks most like `word`."""
        near = difflib.get_close_matches(word, known, 3, 0.5)
        if not near:
            return otherwise
        return f"did you mean {' or '.join(near)}? Mend {self.by}" + self._unset()

    def _unset(self) -> str:
        return ", or unset it and let uncork look for the app" if self.by == FLASK_APP else ""


def target(asked: Named, modules: Modules, environment: str) -> AppTarget:
    """Return the app that is named; raises UsageError where the tree has no such thing."""
    where, *rest = _COLON.split(asked.value.strip(), maxsplit=1)
    module = _module(asked, where.strip(), modules)
    around = replace(modules, roots=tuple(dict.fromkeys((module.root, *modules.roots))))
    if not rest:
        return _of_module(asked, module, around, environment)
    return _of_name(asked, rest[0].strip(), module, around, environment)


def _module(asked: Named, where: str, modules: Modules) -> Module:
    path = _path(where, modules)
    found = _at(path, modules) if "/" in where or where.endswith(".py") else modules.find(where)
    found = found or _at(path, modules)
    if not found:
        fix = asked.nearest(where, modules.names, f"write the module's name into {asked.by}, as in `guestbook:app`")
        asked.refuse(f"the project has no module {where}", fix)
    return found


def _path(where: str, modules: Modules) -> str:
    """Return what Flask reads as a path, relative to the tree; the tree's own place is not known here."""
    if where.startswith("/"):
        return max((p for p in modules.files if where.removesuffix("/").endswith(f"/{p}")), key=len, default=where)
    return str(PurePosixPath(where))


def _at(path: str, modules: Modules) -> Module | None:
    """Return the module in a file or a folder."""
    file = next((p for p in (path, f"{path}.py", f"{path}/__init__.py") if p in modules.files), None)
    return modules.at(file, package_root(file, modules.texts)) if file else None


def _of_module(asked: Named, module: Module, modules: Modules, environment: str) -> AppTarget:
    found = best(module, modules)
    if len(found) > 1:
        raise several(found, modules.texts)
    if found:
        return target_of(found[0], environment, modules.texts)
    if module.problem:  # the import will tell the syntax error better than we can
        return AppTarget(module.name, "app", search(module), Place(module.path, module.problem.line))
    fix = f"name it: {module.name}:NAME, where NAME is the app or the factory in {module.path}"
    return asked.refuse(f"{module.path} has no app, application, create_app or make_app, nor a Flask instance", fix)


def _of_name(asked: Named, text: str, module: Module, modules: Modules, environment: str) -> AppTarget:
    expression = _expression(asked, text)
    head = expression.func if isinstance(expression, ast.Call) else expression
    name = dotted(head).partition(".")[0]
    line = _line(asked, name, module, modules)
    place = Place(module.path, line)
    if isinstance(expression, ast.Name):
        candidate = named(name, module, modules)
        if candidate and not candidate.factory:
            return target_of(candidate, environment, modules.texts)
        if (made := function(name, module, modules)) and not is_wsgi_function(made[0]):
            source = call(name, made[0], environment, module.name, made[1], modules.texts)
            return AppTarget(module.name, source, search(module), place)
    return AppTarget(module.name, ast.unparse(expression), search(module), place)


def _expression(asked: Named, text: str) -> ast.expr:
    """Return what stands behind the colon: a name, or a call of one with values written out."""
    fix = "write a name, as in `guestbook:app`, or a call with plain values, as in `guestbook:create_app('production')`"
    try:
        node = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        asked.refuse(f"{text!r} is no Python", fix)
    if not dotted(node.func if isinstance(node, ast.Call) else node) or not _is_plain(node):
        asked.refuse(f"{text!r} is neither a name nor a call of one with plain values", fix)
    return node


def _is_plain(node: ast.expr) -> bool:
    values = [*node.args, *(k.value for k in node.keywords)] if isinstance(node, ast.Call) else []
    try:
        for value in values:
            ast.literal_eval(value)
    except (ValueError, TypeError, MemoryError, RecursionError):
        return False
    return not isinstance(node, ast.Call) or all(k.arg for k in node.keywords)


def _line(asked: Named, name: str, module: Module, modules: Modules) -> int:
    """Return the line that binds the name; raises UsageError where nothing in the module could."""
    if name in module.bindings:
        return module.bindings[name][-1].line
    dynamic = module.stars or module.problem or "__getattr__" in module.bindings or modules.below(module, name)
    if not dynamic:
        known = tuple(f"{module.name}:{n}" for n in module.bindings if not _is_foreign(n, module, modules))
        otherwise = (
            f"name something that {module.path} defines: {', '.join(_offers(module, modules)) or 'it has no app'}"
        )
        asked.refuse(f"{module.path} has no {name}", asked.nearest(f"{module.name}:{name}", known, otherwise))
    return 1


def _is_foreign(name: str, module: Module, modules: Modules) -> bool:
    values = [binding.value for binding in module.bindings[name]]
    return all(isinstance(v, Imported) and not modules.find(v.module) for v in values)


def _offers(module: Module, modules: Modules) -> tuple[str, ...]:
    return tuple(c.setting for c in best(module, modules))
