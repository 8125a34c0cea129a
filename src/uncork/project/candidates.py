"""What in a module may be the app: Flask instances, names that hold one, factories."""

import ast
from dataclasses import dataclass, replace
from typing import Final

from uncork.model import Place
from uncork.project.modules import Binding, Imported, Module, Modules
from uncork.project.syntax import Function, dotted

INSTANCES: Final = ("app", "application")
FACTORIES: Final = ("create_app", "make_app")
CLASSES: Final = frozenset(
    {"flask.Flask", "flask.app.Flask", "apiflask.APIFlask", "flask_openapi3.OpenAPI", "bottle.Bottle"}
)
# What holds a Flask app without being one: where it is found.
WRAPPERS: Final = {"dash.Dash": "server"}
# What is called `app` too and is no WSGI app.
OTHERS: Final = frozenset(
    [
        "typer",
        "click",
        "fastapi",
        "starlette",
        "quart",
        "sanic",
        "litestar",
        "aiohttp",
        "celery",
        "huey",
        "rq",
        "tkinter",
        "kivy",
        "textual",
        "slack_bolt",
    ]
)
_DEEPEST: Final = 20


@dataclass(frozen=True)
class Candidate:
    """Something that may be the app: the name in its module, and where what it stands for is really made.

    `factory` is the function that makes it when it is called; `attribute` is where the app is in the named object.
    `made_with` is the call where the module makes it by calling a factory of the tree, `made_by` that factory.
    """

    module: Module
    name: str
    line: int
    origin: Place
    factory: Function | None = None
    attribute: str = ""
    made_with: ast.Call | None = None
    made_by: Function | None = None

    @property
    def place(self) -> Place:
        """Where it is named."""
        return Place(self.module.path, self.line)

    @property
    def setting(self) -> str:
        """The value of `app` in [tool.uncork] that chooses it."""
        return f"{self.module.name}:{self.name}{self.attribute}"


def best(module: Module, modules: Modules) -> tuple[Candidate, ...]:
    """Return what Flask would serve of a module; several where Flask would not know either.

    The order is Flask's own (flask.cli.find_best_app): `app`, `application`, the only instance, a factory.
    """
    for name in INSTANCES:
        if found := named(name, module, modules):
            return (found,)
    others = (named(name, module, modules) for name in module.bindings if name not in FACTORIES)
    if instances := {c.origin: c for c in others if c}:
        return tuple(instances.values())
    factories = (named(name, module, modules) for name in FACTORIES)
    return tuple(c for c in factories if c)[:1]


def named(name: str, module: Module, modules: Modules, depth: int = 0) -> Candidate | None:
    """Return the candidate of that name in a module, or None where the name is bound to nothing that could be one."""
    for binding in reversed(module.bindings.get(name, ())):
        if found := _candidate(name, binding, module, modules, depth):
            return found
    stars = (modules.find(star) for star in module.stars if depth < _DEEPEST)
    imported = (named(name, star, modules, depth + 1) for star in stars if star)
    return next((_renamed(c, module, name, 1) for c in imported if c), None)


def function(name: str, module: Module, modules: Modules, depth: int = 0) -> tuple[Function, Place] | None:
    """Return the function that a name stands for, followed through the tree's imports, and where it is defined."""
    for binding in reversed(module.bindings.get(name, ())):
        value = binding.value
        if isinstance(value, ast.FunctionDef | ast.AsyncFunctionDef):
            return value, Place(module.path, value.lineno)
        if isinstance(value, Imported) and value.name and depth < _DEEPEST:
            source = modules.find(value.module)
            return function(value.name, source, modules, depth + 1) if source else None
        if isinstance(value, ast.Name) and value.id != name and depth < _DEEPEST:
            return function(value.id, module, modules, depth + 1)
    return None


def callee(call: ast.Call, module: Module) -> str:
    """Return the whole name of what a call calls, as in `flask.Flask`, whatever it is called in the module."""
    first, _, rest = dotted(call.func).partition(".")
    for binding in reversed(module.bindings.get(first, ())):
        if isinstance(binding.value, Imported):
            return ".".join(part for part in (binding.value.dotted, rest) if part)
    return dotted(call.func)


def is_wsgi_function(value: object) -> bool:
    """Whether a function is a WSGI app itself: it takes the environ and start_response."""
    names = [one.arg.strip("_") for one in value.args.args] if isinstance(value, ast.FunctionDef) else []
    return names[1:] in (["start"], ["start_response"])


def _candidate(name: str, binding: Binding, module: Module, modules: Modules, depth: int) -> Candidate | None:
    here = Candidate(module, name, binding.line, Place(module.path, binding.line))
    match binding.value:
        case ast.FunctionDef() | ast.AsyncFunctionDef() as definition:
            return _from_function(here, definition)
        case Imported() as imported:
            return _from_import(here, imported, modules, depth)
        case ast.Name(id=other) if other != name and depth < _DEEPEST:
            aliased = named(other, module, modules, depth + 1)
            return _renamed(aliased, module, name, binding.line) if aliased else None
        case ast.Call() as call:
            return _from_call(here, call, modules)
        case ast.IfExp() | ast.BoolOp() | ast.Attribute() | ast.Subscript() if name in INSTANCES:
            return here
    return None


def _from_function(here: Candidate, definition: Function) -> Candidate | None:
    if is_wsgi_function(definition) and here.name in INSTANCES:
        return here
    if here.name not in FACTORIES:
        return None
    return Candidate(here.module, here.name, here.line, here.origin, factory=definition)


def _from_import(here: Candidate, imported: Imported, modules: Modules, depth: int) -> Candidate | None:
    source = modules.find(imported.module) if depth < _DEEPEST else None
    if not imported.name:
        return None
    if not source:
        return here if _is_entry(here) and not modules.find(imported.dotted) else None
    if found := named(imported.name, source, modules, depth + 1):
        return _renamed(found, here.module, here.name, here.line)
    made = function(imported.name, source, modules)
    if made and here.name in FACTORIES:
        return replace(here, origin=made[1], factory=made[0])
    may_be = not modules.find(imported.dotted) and _may_be_imported(here, imported.name, source)
    return here if may_be else None


def _may_be_imported(here: Candidate, name: str, source: Module) -> bool:
    """Whether an import that leads to nothing known may lead to an app; the import of the app will tell."""
    if source.problem or source.stars:
        return _is_entry(here) or here.name in FACTORIES
    return _is_entry(here) and name in source.bindings


def _from_call(here: Candidate, call: ast.Call, modules: Modules) -> Candidate | None:
    called = callee(call, here.module)
    if called in CLASSES or _is_flask_subclass(dotted(call.func), here.module, modules):
        return here
    if attribute := WRAPPERS.get(called):
        return Candidate(here.module, here.name, here.line, here.origin, attribute=f".{attribute}")
    if here.name not in INSTANCES or called.partition(".")[0] in OTHERS:
        return None
    if made := function(dotted(call.func), here.module, modules):
        return Candidate(here.module, here.name, here.line, made[1], made_with=call, made_by=made[0])
    local = dotted(call.func).partition(".")[0] in here.module.bindings and not _is_foreign(call, here.module, modules)
    return here if local or _is_entry(here) else None


def _is_flask_subclass(name: str, module: Module, modules: Modules, depth: int = 0) -> bool:
    for binding in module.bindings.get(name, ()) if depth < _DEEPEST else ():
        value = binding.value
        if isinstance(value, ast.ClassDef):
            bases = [callee(ast.Call(base, [], []), module) for base in value.bases]
            return any(b in CLASSES or _is_flask_subclass(b, module, modules, depth + 1) for b in bases)
        if isinstance(value, Imported) and value.name and (source := modules.find(value.module)):
            return _is_flask_subclass(value.name, source, modules, depth + 1)
    return False


def _is_foreign(call: ast.Call, module: Module, modules: Modules) -> bool:
    return modules.find(callee(call, module).rpartition(".")[0]) is None and "." in callee(call, module)


def _is_entry(candidate: Candidate) -> bool:
    """Whether the name or the file says that it is meant to be served, whatever it is bound to."""
    file = candidate.module.path.rpartition("/")[2]
    return candidate.name in INSTANCES and (file in {"wsgi.py", "app.py"} or candidate.name == "application")


def _renamed(candidate: Candidate, module: Module, name: str, line: int) -> Candidate:
    return replace(candidate, module=module, name=name, line=line)
