"""What a project really imports: the modules of others, and where."""

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from uncork.model import AppTarget, Place
from uncork.project.distributions import known_part
from uncork.project.finding import is_searched
from uncork.project.modules import Module, Modules
from uncork.project.syntax import blocks, dotted

# In the standard library of some Python that is still in use, but not of every one; and what a release brings itself.
_BROUGHT: Final = frozenset(
    [
        "aifc",
        "asynchat",
        "asyncore",
        "audioop",
        "cgi",
        "cgitb",
        "chunk",
        "compression",
        "crypt",
        "distutils",
        "imghdr",
        "imp",
        "lib2to3",
        "mailcap",
        "msilib",
        "nis",
        "nntplib",
        "ossaudiodev",
        "pipes",
        "smtpd",
        "sndhdr",
        "spwd",
        "sunau",
        "telnetlib",
        "tomllib",
        "uu",
        "xdrlib",
        "uncork",
        "uncork_runtime",
        "__main__",
    ]
)
_CAUGHT: Final = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


@dataclass(frozen=True)
class Import:
    """One module that a source imports; `optional` where the source goes on without it."""

    module: str
    line: int
    optional: bool = False


def imports(texts: Mapping[str, str], target: AppTarget, *, optional: bool = True) -> Mapping[str, Place]:
    """Return the modules of others that the app imports, by top-level name (`google.cloud.storage` for namespaces).

    Followed from the app's module: what it imports from the tree, and the whole of each package that is reached, since
    blueprints are often imported by name. Imports inside functions count, those for type checkers don't. With
    `optional=False`, what a source can do without (`try: ... except ImportError:`) is left out.
    """
    modules = Modules(texts, tuple(dict.fromkeys((*target.search, ""))))
    found: dict[str, Place] = {}
    for module in _reached(modules, target.module):
        for imported in _imported(module):
            first = imported.module.partition(".")[0]
            wanted = optional or not imported.optional
            if wanted and not _is_standard(first) and not _is_local(first, module, modules):
                found.setdefault(known_part(imported.module), Place(module.path, imported.line))
    return found


def _reached(modules: Modules, start: str) -> Iterator[Module]:
    """Yield every module of the tree that an import of `start` may import, `start` first."""
    waiting, seen = [start], set[str]()
    while waiting:
        name = waiting.pop(0)
        module = modules.find(name)
        if not module or module.path in seen:
            if name.partition(".")[2]:
                waiting.append(name.rpartition(".")[0])
            continue
        seen.add(module.path)
        yield module
        waiting += [name.rpartition(".")[0]] if "." in name else []
        waiting += [i.module for i in _imported(module)]
        waiting += _siblings(module, modules)


def _siblings(module: Module, modules: Modules) -> list[str]:
    """Return the names of all modules in a package, but for its tests and migrations."""
    if not module.path.endswith("__init__.py"):
        return []
    folder = str(PurePosixPath(module.path).parent)
    return [modules.at(p, module.root).name for p in modules.files if p.startswith(f"{folder}/") and is_searched(p)]


def _imported(module: Module) -> Iterator[Import]:
    yield from _in(list(module.syntax.body), module, optional=False)


def _in(body: list[ast.stmt], module: Module, *, optional: bool) -> Iterator[Import]:
    for statement in body:
        if isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.dump(statement.test):
            yield from _in(statement.orelse, module, optional=optional)
            continue
        yield from (Import(name, statement.lineno, optional) for name in _named(statement, module))
        inner = optional or _goes_on_without(statement)
        for block in blocks(statement):
            yield from _in(block, module, optional=inner)


def _named(statement: ast.stmt, module: Module) -> Iterator[str]:
    match statement:
        case ast.Import():
            yield from (alias.name for alias in statement.names)
        case ast.ImportFrom():
            base = module.absolute(statement)
            yield from (f"{base}.{alias.name}" if alias.name != "*" else base for alias in statement.names)
        case ast.Expr(value=ast.Call() as call) | ast.Assign(value=ast.Call() as call):
            yield from _by_string(call)


def _by_string(call: ast.Call) -> Iterator[str]:
    """Yield what `importlib.import_module("x")` imports."""
    if dotted(call.func).rpartition(".")[2] in {"import_module", "__import__"} and call.args:
        argument = call.args[0]
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and argument.value[:1] != ".":
            yield argument.value


def _goes_on_without(statement: ast.stmt) -> bool:
    """Whether a statement lets the source go on when an import in it fails, or imports for one Python only."""
    match statement:
        case ast.Try():
            kinds = (h.type for h in statement.handlers)
            return any(k is None or _CAUGHT & {n.id for n in ast.walk(k) if isinstance(n, ast.Name)} for k in kinds)
        case ast.With():
            return any("suppress" in ast.dump(item.context_expr) for item in statement.items)
        case ast.If():
            return "version_info" in ast.dump(statement.test) or "platform" in ast.dump(statement.test)
    return False


def _is_standard(name: str) -> bool:
    return name in sys.stdlib_module_names or name in _BROUGHT or not name


def _is_local(name: str, module: Module, modules: Modules) -> bool:
    beside = str(PurePosixPath(module.path).parent)
    folders = dict.fromkeys((*modules.roots, "" if beside == "." else beside))
    prefixes = [f"{folder}/{name}" if folder else name for folder in folders]
    return any(p == f"{prefix}.py" or p.startswith(f"{prefix}/") for prefix in prefixes for p in modules.files)
