"""Python source as statements, also where a part of it is broken: what can be read is kept."""

import ast
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import StringIO
from typing import Final, TypeGuard

Function = ast.FunctionDef | ast.AsyncFunctionDef

_CONTINUES: Final = re.compile(r"[\s#)\]}]|(else|elif|except|finally)\b")
_REPAIRS: Final = 20


@dataclass(frozen=True)
class Problem:
    """What Python says of a source that it can't compile; the line is counted from 1."""

    line: int
    message: str
    text: str = ""


@dataclass(frozen=True)
class Syntax:
    """The statements of a source, and the first problem if it does not compile."""

    body: tuple[ast.stmt, ...]
    problem: Problem | None = None


def parse(text: str) -> Syntax:
    """Return the statements; of a source that does not compile, those outside the broken statements."""
    whole = _compile(text)
    if not isinstance(whole, Problem):
        return Syntax(whole)
    return Syntax(tuple(_salvage(StringIO(text).readlines(), whole)), whole)


def top_level(body: tuple[ast.stmt, ...] | list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that an import runs: branches too, but neither functions nor the `__main__` guard."""
    for statement in body:
        if is_main_guard(statement):
            yield from top_level(statement.orelse)
            continue
        yield statement
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for block in blocks(statement):
                yield from top_level(block)


def blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """Yield the blocks of statements in a statement."""
    for name in ("body", "orelse", "finalbody"):
        yield getattr(statement, name, [])
    for name in ("handlers", "cases"):
        for part in getattr(statement, name, []):
            yield part.body


def is_main_guard(statement: ast.stmt) -> TypeGuard[ast.If]:
    """Whether it is `if __name__ == "__main__":`, also with more conditions after an `and`."""
    if not isinstance(statement, ast.If):
        return False
    test = statement.test
    parts = test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else [test]
    return any(_compares_main(part) for part in parts)


def calls(body: tuple[ast.stmt, ...]) -> Iterator[tuple[ast.Call, Function | None]]:
    """Yield every call in a module, with the function of the module that it stands in."""
    for statement in body:
        function = statement if isinstance(statement, Function) else None
        yield from ((node, function) for node in ast.walk(statement) if isinstance(node, ast.Call))


def dotted(node: ast.expr) -> str:
    """Return `a.b.c` for such an expression, and an empty string for any other."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def _compares_main(test: ast.expr) -> bool:
    if not isinstance(test, ast.Compare) or not isinstance(test.ops[0], ast.Eq):
        return False
    sides = (test.left, test.comparators[0])
    return any(dotted(side) == "__name__" for side in sides) and any(
        isinstance(side, ast.Constant) and side.value == "__main__" for side in sides
    )


def _compile(text: str) -> tuple[ast.stmt, ...] | Problem:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # `"\d"` in somebody's source is no news for our reader
            return tuple(ast.parse(text).body)
    except SyntaxError as error:
        return Problem(error.lineno or 1, error.msg, (error.text or "").rstrip("\n"))
    except ValueError as error:  # NUL bytes, before Python 3.12
        return Problem(text[: text.find("\0")].count("\n") + 1, str(error))
    except (RecursionError, MemoryError):
        return Problem(1, "nested too deeply to be read")


def _salvage(lines: list[str], problem: Problem, repairs: int = _REPAIRS) -> Iterator[ast.stmt]:
    """Yield what compiles before, at and after the broken statement that begins at the margin."""
    starts = [i for i in range(len(lines)) if _begins(lines, i)]
    start = max((i for i in starts if i < problem.line), default=0)
    end = min((i for i in starts if i >= problem.line), default=len(lines))
    yield from _whatever_compiles(lines[:start], repairs)
    header = _compile(_header(lines[start:end]))
    yield from () if isinstance(header, Problem) else _moved(header, start)
    yield from _moved(_whatever_compiles(lines[end:], repairs), end)


def _whatever_compiles(lines: list[str], repairs: int) -> Iterable[ast.stmt]:
    found = _compile("".join(lines))
    if not isinstance(found, Problem):
        return found
    return _salvage(lines, found, repairs - 1) if repairs else ()


def _begins(lines: list[str], index: int) -> bool:
    decorated = index > 0 and lines[index - 1].startswith("@")
    return not decorated and not _CONTINUES.match(lines[index])


def _header(lines: list[str]) -> str:
    """Return a broken function as its signature alone: its body may be wrong, but its name and arguments count."""
    for count, line in enumerate(lines, 1):
        if line.rstrip().endswith(":"):
            return "".join(lines[:count]).rstrip() + " ..."
    return ""


def _moved(body: Iterable[ast.stmt], lines: int) -> Iterator[ast.stmt]:
    for statement in body:
        yield ast.increment_lineno(statement, lines) if lines else statement
