"""What a source tree holds: the app, its dependencies, its Python. Reads texts alone and never imports the app."""

from collections.abc import Mapping
from dataclasses import replace

from uncork.config import Config
from uncork.model import AppTarget, Project
from uncork.project.advice import advice
from uncork.project.asgi import refuse_asgi
from uncork.project.choice import target_of
from uncork.project.dependencies import dependencies
from uncork.project.finding import find
from uncork.project.handlers import handlers
from uncork.project.imports import imports
from uncork.project.metadata import metadata
from uncork.project.modules import Modules
from uncork.project.naming import FLASK_APP, Named, target
from uncork.project.python import requires_python
from uncork.project.runs import refuse_runs


def detect(texts: Mapping[str, str], config: Config, environ: Mapping[str, str]) -> Project:
    """Return what a project is.

    `texts` are its files (path -> text), `environ` is where FLASK_APP is looked up: the process environment over
    `.env` over `.flaskenv`. The app is what `config.app` names, else FLASK_APP, else what Flask's own rules find.
    Raises UsageError when there is no app, more than one, or one that starts a server when it is imported;
    RefusedError when broken syntax hides it.
    """
    modules = Modules(texts, _roots(texts))
    found, notes = _app(modules, config, environ)
    around = Modules(texts, tuple(dict.fromkeys((*found.search, *modules.roots))))
    found = replace(found, search=around.roots)
    refuse_runs(found, around)
    refuse_asgi(found, around)
    module = around.find(found.module)
    return Project(
        target=found,
        dependencies=dependencies(texts, found),
        requires_python=requires_python(texts),
        metadata=tuple(metadata(texts).items()),
        warnings=(*notes, *(advice(module, imports(texts, found)) if module else ()), *handlers(around)),
    )


def _app(modules: Modules, config: Config, environ: Mapping[str, str]) -> tuple[AppTarget, tuple[str, ...]]:
    asked = (
        Named(config.app, f"app {config.written()}") if config.app else Named(environ.get("FLASK_APP", ""), FLASK_APP)
    )
    if asked.value.strip():
        return target(asked, modules, config.environment), ()
    found = find(modules)
    if isinstance(found, AppTarget):
        return found, ()
    return target_of(found.candidate, config.environment, modules.texts), found.notes


def _roots(texts: Mapping[str, str]) -> tuple[str, ...]:
    """Return the folders that are on sys.path: the tree itself, and `src` unless it is a package."""
    has_source = any(path.startswith("src/") and path.endswith(".py") for path in texts)
    return ("", "src") if has_source and "src/__init__.py" not in texts else ("",)
