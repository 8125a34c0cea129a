"""A development server that is started by importing the app: it would never return, so it is refused."""

import ast
from collections.abc import Iterator
from itertools import accumulate

from uncork.errors import UsageError
from uncork.model import AppTarget, Place
from uncork.project.candidates import named
from uncork.project.modules import Imported, Module, Modules
from uncork.project.syntax import dotted, top_level

_RUNNERS = frozenset({"run", "serve", "run_simple", "make_server", "serve_forever"})


def refuse_runs(target: AppTarget, modules: Modules) -> None:
    """Raise UsageError if the app's module, or one that it imports from the tree, runs the app when it is imported."""
    module = modules.find(target.module)
    for reached in (module, *_imported(module, modules)) if module else ():
        for line in _runs(reached, modules):
            place = Place(reached.path, line)
            raise UsageError(
                f"{place} starts the development server whenever the module is imported",
                f'put line {line} of {reached.path} under `if __name__ == "__main__":`; flask run works all the same',
            )


def _runs(module: Module, modules: Modules) -> Iterator[int]:
    for statement in top_level(module.syntax.body):
        call = statement.value if isinstance(statement, ast.Expr) else None
        if isinstance(call, ast.Call) and dotted(call.func).rpartition(".")[2] in _RUNNERS:
            owner = dotted(call.func).partition(".")[0] if isinstance(call.func, ast.Attribute) else ""
            subjects = {owner, *(dotted(argument) for argument in call.args)} - {""}
            if any(_is_app(subject, module, modules) for subject in subjects):
                yield call.lineno


def _is_app(name: str, module: Module, modules: Modules) -> bool:
    found = named(name, module, modules)
    return found is not None and found.factory is None


def _imported(module: Module, modules: Modules) -> Iterator[Module]:
    """Yield the modules of the tree that are imported by a module itself, or before it as its packages, each once."""
    seen = {module.path}
    values = [b.value for bindings in module.bindings.values() for b in bindings]
    imports = [v for v in values if isinstance(v, Imported)]
    parents = accumulate(module.name.split("."), "{}.{}".format)
    for name in (*parents, *(name for v in imports for name in (v.module, v.dotted)), *module.stars):
        found = modules.find(name)
        if found and found.path not in seen:
            seen.add(found.path)
            yield found
