"""An app that nobody named: looked for by Flask's own rules, and then wherever else people keep one."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Final, NoReturn

from uncork.config.holder import file_of, written
from uncork.errors import RefusedError, UsageError
from uncork.model import AppTarget, Place
from uncork.project.asgi import ASGI
from uncork.project.candidates import Candidate, best, callee
from uncork.project.choice import Choice, choose, search
from uncork.project.modules import Module, Modules, package_root
from uncork.project.syntax import calls

ENTRIES: Final = ("wsgi", "app")
_SKIPPED: Final = re.compile(
    r"^(tests?|testing|docs?|examples?|samples?|migrations|alembic|scripts|bin|build|dist|node_modules|static|templates)$"
    r"|^\.|\.egg-info$"
)
_NO_ENTRY: Final = re.compile(
    r"^(test_.*|.*_tests?|tests?|conftest|setup|manage|noxfile|fabfile|dodo|locustfile|celery.*|.*_celery|tasks?|.*worker"
    r"|gunicorn.*|config|settings)$"
)


def is_searched(path: str) -> bool:
    """Whether a file may hold the app: those of tests, docs, examples and migrations don't."""
    return not any(_SKIPPED.match(part) for part in PurePosixPath(path).parent.parts)


def find(modules: Modules) -> Choice | AppTarget:
    """Return the app; a target with the name `app` where a file's name says so and its syntax is broken.

    wsgi.py and app.py (or packages of these names) come first, as in Flask; then the other modules and packages right
    in the tree or in src/; then folders that are no packages (backend/app.py). Raises UsageError if there is no app or
    more than one, RefusedError if broken syntax hides it.
    """
    searched = replace(modules, texts={p: t for p, t in modules.texts.items() if is_searched(p)})
    if found := _in_roots(searched):
        return found
    below = tuple(choice for folder in _folders(searched) if (choice := _in_roots(_rooted(searched, folder))))
    targets = [c for c in below if isinstance(c, AppTarget)]
    choice = choose((c.candidate for c in below if isinstance(c, Choice)), searched.texts)
    if choice or targets:
        return choice or targets[0]
    return _nothing(searched)


def _in_roots(modules: Modules) -> Choice | AppTarget | None:
    for name in ENTRIES:
        module = modules.find(name)
        if module and (choice := choose(best(module, modules), modules.texts)):
            return choice
        if module and module.problem:
            return AppTarget(module.name, "app", search(module), Place(module.path, module.problem.line))
    return choose((c for root in modules.roots for c in _anywhere(root, modules)), modules.texts)


def _anywhere(root: str, modules: Modules) -> Iterator[Candidate]:
    """Yield the candidates in the modules right in a folder, and in its packages."""
    for module in modules.inside(root):
        if not _NO_ENTRY.match(module.name.rpartition(".")[2]):
            yield from best(module, modules)
    for package in modules.packages(root):
        yield from _in_package(package, modules)


def _in_package(package: Module, modules: Modules) -> Iterator[Candidate]:
    """Yield the candidates of a package: what its `__init__` offers, else what its modules do."""
    offered = best(package, modules)
    yield from offered or _anywhere(package.path.removesuffix("/__init__.py"), modules)


def _folders(modules: Modules) -> tuple[str, ...]:
    """Return the folders that modules and packages would be imported from, were they on sys.path."""
    found = dict.fromkeys(package_root(path, modules.texts) for path in modules.files)
    return tuple(folder for folder in found if folder not in {"", *modules.roots})


def _rooted(modules: Modules, folder: str) -> Modules:
    return replace(modules, roots=(folder,))


def _nothing(modules: Modules) -> NoReturn:
    searched = [modules.at(path, "") for path in modules.files]
    for module in searched:
        if module.problem:
            place = f"{module.path}:{module.problem.line}"
            raise RefusedError(
                f"the app can't be found, since {place} is broken: {module.problem.message}",
                f"mend {place} and deploy again",
                f'  File "{module.path}", line {module.problem.line}\n    {module.problem.text}\nSyntaxError: '
                f"{module.problem.message}",
            )
    hints = "\n".join(hint for module in searched for hint in _hints(module, modules))
    raise UsageError(
        "the project has no app that uncork could find" if searched else "the project has no Python source",
        f'name it {written(file_of(modules.texts))}: app = "package.module:name" (or :factory)',
        hints,
    )


def _hints(module: Module, modules: Modules) -> Iterator[str]:
    yield from (f'{c.place}: {c.name} may be meant: app = "{c.setting}"' for c in best(module, modules))
    for call, function in calls(module.syntax.body):
        called = callee(call, module)
        if called == "flask.Flask" and function:
            setting = f'app = "{module.name}:{function.name}"'
            yield f"{module.path}:{function.lineno}: {function.name} makes a Flask app: {setting}"
        elif ASGI.match(called):
            yield f"{module.path}:{call.lineno}: {called.partition('.')[0]} speaks ASGI, and uncork serves WSGI"
