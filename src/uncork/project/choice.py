"""Which candidate is the app, when several are found, and what is imported for it."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from uncork.config.holder import file_of, written
from uncork.errors import UsageError
from uncork.model import AppTarget
from uncork.project.candidates import Candidate
from uncork.project.factories import call, environment_argument
from uncork.project.modules import Module
from uncork.project.syntax import dotted, is_main_guard


@dataclass(frozen=True)
class Choice:
    """The candidate that is served, and what a person should know about why."""

    candidate: Candidate
    notes: tuple[str, ...] = ()


def choose(candidates: Iterable[Candidate], texts: Mapping[str, str]) -> Choice | None:
    """Return the app among candidates, or None if there are none; raises UsageError when they are different apps.

    A `run.py` that only calls the package's factory is no other app than the package's: see `_of_one_app`.
    """
    found = tuple(candidates)
    if len({c.origin for c in found}) > 1:
        raise several(found, texts)
    return _of_one_app(found, texts) if found else None


def target_of(candidate: Candidate, environment: str, texts: Mapping[str, str]) -> AppTarget:
    """Return what to import for a candidate: a factory is called, with the environment if it takes one."""
    module, name = candidate.module, candidate.name
    expression = f"{name}{candidate.attribute}"
    if candidate.factory:
        expression = call(name, candidate.factory, environment, module.name, candidate.origin, texts)
    return AppTarget(module.name, expression, search(module), candidate.place)


def search(module: Module) -> tuple[str, ...]:
    """Return the folders that go on sys.path for a module: its own root first, then the tree."""
    return (module.root, "") if module.root else ("",)


def several(candidates: tuple[Candidate, ...], texts: Mapping[str, str]) -> UsageError:
    """Return the error that names every candidate and the line of config that chooses it."""
    places = ", ".join(f"{c.name} at {c.place}" for c in candidates)
    lines = " or ".join(f'app = "{c.setting}"' for c in candidates)
    detail = "\n".join(f'{c.place}: app = "{c.setting}"' for c in candidates)
    return UsageError(
        f"the project has several apps: {places}",
        f"choose one {written(file_of(texts))}: {lines}",
        detail,
    )


def _of_one_app(found: tuple[Candidate, ...], texts: Mapping[str, str]) -> Choice:
    """Return which name of one app is served.

    Where a script makes the app and does more with it (routes, extensions), the script is: its author runs that. A
    script that only makes the app is left out when the factory takes the environment, so that it is handed the right
    one, and when it hands the factory nothing.
    """
    scripts = [c for c in found if not c.factory and c.place != c.origin]
    makers = [c for c in found if c not in scripts]
    if not makers or not scripts:
        taken = min(found, key=lambda c: c.module.name.count("."))
        return Choice(taken, tuple(_unheard(taken, texts)))
    maker, full = makers[0], [s for s in scripts if not _only_makes_it(s)]
    if len(full) > 1:
        raise several(tuple(full), texts)
    taken = full[0] if full else _better(maker, scripts[0])
    others = ", ".join(c.setting for c in found if c != taken)
    return Choice(taken, (f'{taken.setting} is served; {others} stands for the same app (choose with app = "...")',))


def _unheard(taken: Candidate, texts: Mapping[str, str]) -> Iterator[str]:
    """Yield the note that a module makes its app without telling its own factory the environment."""
    call = taken.made_with
    if call and not call.args and not call.keywords and taken.made_by and environment_argument(taken.made_by):
        setting = f"{taken.module.name}:{ast.unparse(call.func)}"
        yield (
            f"{taken.place} makes the app without telling its factory the environment; "
            f'`app = "{setting}"` {written(file_of(texts))} would'
        )


def _better(maker: Candidate, script: Candidate) -> Candidate:
    hands_over = script.made_with and (script.made_with.args or script.made_with.keywords)
    takes = maker.factory and environment_argument(maker.factory)
    return script if hands_over and not takes else maker


def _only_makes_it(script: Candidate) -> bool:
    """Whether a module does nothing with the app but to bind it to its name, and to run it."""
    body = script.module.syntax.body
    used = {node.id for statement in body for node in ast.walk(statement) if isinstance(node, ast.Name)}
    return all(_is_idle(statement, script.name, used | {script.name}) for statement in body)


def _is_idle(statement: ast.stmt, name: str, used: set[str]) -> bool:
    match statement:
        case ast.Import() | ast.ImportFrom():
            # What is imported and never used is imported for what its import does: routes that it adds, say.
            return all((alias.asname or alias.name.partition(".")[0]) in used for alias in statement.names)
        case ast.Expr(value=ast.Call(func=called)):
            return dotted(called) in {f"{name}.run", "load_dotenv", "dotenv.load_dotenv"}
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.Assign(targets=targets):
            return not any(dotted(target).startswith(f"{name}.") for target in targets)
    return is_main_guard(statement)
