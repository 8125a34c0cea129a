"""The Python modules of a tree by name: where each is, and what names it binds when it is imported."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath

from uncork.project.syntax import Problem, Syntax, parse, top_level


@dataclass(frozen=True)
class Imported:
    """What an import statement binds: a name of a module, or the module itself where `name` is None."""

    module: str
    name: str | None = None

    @property
    def dotted(self) -> str:
        """The whole name, as in `flask.Flask`."""
        return f"{self.module}.{self.name}" if self.name else self.module


Value = ast.expr | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | Imported | None


@dataclass(frozen=True)
class Binding:
    """One time that a module binds a name: the line, and what it is bound to (None: nothing that can be told)."""

    line: int
    value: Value = None


@dataclass(frozen=True)
class Module:
    """One Python file as it is imported: its dotted name, its path in the tree, the folder on sys.path."""

    name: str
    path: str
    root: str
    text: str = field(repr=False)

    @cached_property
    def syntax(self) -> Syntax:
        """Its statements."""
        return parse(self.text)

    @property
    def problem(self) -> Problem | None:
        """What keeps it from compiling."""
        return self.syntax.problem

    @cached_property
    def bindings(self) -> Mapping[str, tuple[Binding, ...]]:
        """Every name that an import of the module binds, with each time that it does, in order."""
        found: dict[str, tuple[Binding, ...]] = {}
        for statement in top_level(self.syntax.body):
            for name, value in self._bound(statement):
                found[name] = (*found.get(name, ()), Binding(statement.lineno, value))
        return found

    @cached_property
    def stars(self) -> tuple[str, ...]:
        """The modules whose every name is imported."""
        imports = (s for s in top_level(self.syntax.body) if isinstance(s, ast.ImportFrom))
        return tuple(self.absolute(s) for s in imports if any(alias.name == "*" for alias in s.names))

    @property
    def package(self) -> str:
        """The package that relative imports start from."""
        return self.name if self.path.endswith("__init__.py") else self.name.rpartition(".")[0]

    def absolute(self, statement: ast.ImportFrom) -> str:
        """Return the module that `from ... import` names, as an absolute name."""
        if not statement.level:
            return statement.module or ""
        parts = self.package.split(".")
        base = parts[: len(parts) - statement.level + 1]
        return ".".join([*base, *([statement.module] if statement.module else [])])

    def _bound(self, statement: ast.stmt) -> Iterator[tuple[str, Value]]:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield statement.name, statement
            case ast.Import():
                for alias in statement.names:
                    first = alias.name.partition(".")[0]
                    yield alias.asname or first, Imported(alias.name if alias.asname else first)
            case ast.ImportFrom():
                for alias in statement.names:
                    yield alias.asname or alias.name, Imported(self.absolute(statement), alias.name)
            case ast.Assign() | ast.AnnAssign() | ast.For() | ast.With():
                for target, assigned in _targets(statement):
                    yield from _assigned(target, assigned)


@dataclass(frozen=True)
class Modules:
    """The modules that can be imported when the folders `roots` (relative, "" is the tree itself) are on sys.path."""

    texts: Mapping[str, str]
    roots: tuple[str, ...] = ("",)
    _known: dict[tuple[str, str], Module] = field(default_factory=dict, compare=False, repr=False)

    def at(self, path: str, root: str) -> Module:
        """Return the module that is in that file when the folder `root` is on sys.path."""
        if (path, root) not in self._known:
            inside = PurePosixPath(path).relative_to(root) if root else PurePosixPath(path)
            parts = inside.parent.parts if inside.name == "__init__.py" else inside.with_suffix("").parts
            self._known[path, root] = Module(".".join(parts), path, root, self.texts[path])
        return self._known[path, root]

    def find(self, name: str) -> Module | None:
        """Return the module of that dotted name, or None if the tree has none."""
        for root in self.roots:
            base = "/".join([*([root] if root else []), *name.split(".")])
            for path in (f"{base}/__init__.py", f"{base}.py"):
                if name and path in self.texts:
                    return self.at(path, root)
        return None

    def inside(self, folder: str) -> tuple[Module, ...]:
        """Return the modules right in a folder, in order of their paths, without its `__init__`."""
        root = max((r for r in self.roots if _within(folder, r)), key=len)
        paths = (p for p in self.files if str(PurePosixPath(p).parent) == (folder or "."))
        return tuple(self.at(p, root) for p in paths if not p.endswith("__init__.py"))

    def packages(self, folder: str) -> tuple[Module, ...]:
        """Return the packages right in a folder."""
        root = max((r for r in self.roots if _within(folder, r)), key=len)
        inits = (p for p in self.files if p.endswith("/__init__.py"))
        return tuple(self.at(p, root) for p in inits if str(PurePosixPath(p).parent.parent) == (folder or "."))

    @cached_property
    def files(self) -> tuple[str, ...]:
        """The paths of all Python files, in order."""
        return tuple(sorted(path for path in self.texts if path.endswith(".py")))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The dotted names of all that can be imported, for near matches."""
        return tuple(dict.fromkeys(self.at(p, r).name for r in self.roots for p in self.files if _within(p, r)))

    def below(self, module: Module, child: str) -> Module | None:
        """Return a module of a package by its last name."""
        return self.find(f"{module.name}.{child}") if module.path.endswith("__init__.py") else None


def package_root(path: str, texts: Mapping[str, str]) -> str:
    """Return the folder that goes on sys.path for a file, as in Flask: the first one above without `__init__.py`."""
    folder = PurePosixPath(path).parent
    while str(folder) != "." and f"{folder}/__init__.py" in texts:
        folder = folder.parent
    return "" if str(folder) == "." else str(folder)


def _within(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(f"{folder}/")


def _assigned(target: ast.expr, value: ast.expr | None) -> Iterator[tuple[str, ast.expr | None]]:
    """Yield the names of a target; what is unpacked goes to a name only where both sides are written out."""
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Starred):
        yield from _assigned(target.value, None)
    elif isinstance(target, ast.Tuple | ast.List):
        values = value.elts if isinstance(value, ast.Tuple | ast.List) else []
        paired = len(values) == len(target.elts)
        for index, element in enumerate(target.elts):
            yield from _assigned(element, values[index] if paired else None)


def _targets(statement: ast.Assign | ast.AnnAssign | ast.For | ast.With) -> list[tuple[ast.expr, ast.expr | None]]:
    """Return what a statement assigns to, with the value where it is written out."""
    match statement:
        case ast.Assign():
            return [(target, statement.value) for target in statement.targets]
        case ast.AnnAssign():
            return [(statement.target, statement.value)] if statement.value else []
        case ast.For():
            return [(statement.target, None)]
        case ast.With():
            return [(item.optional_vars, None) for item in statement.items if item.optional_vars]
