"""How a factory is called: which argument, if any, is the name of the environment."""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from uncork.config.holder import file_of, written
from uncork.errors import UsageError
from uncork.model import Place
from uncork.project.syntax import Function, dotted

# Names of arguments that carry the environment's name, whatever their default.
_SURELY: Final = re.compile(
    r"(^|_)(env|environment|stage|mode)(_name|_type)?$"
    r"|^(config|configuration|conf|cfg|settings)_(name|type|key|env|environment|mode|profile)$"
    r"|^profile$|^flask_config$"
)
# Names that may carry it: they do when the factory can't be called without, or has a name of one for a default.
_PERHAPS: Final = re.compile(r"^(config|configuration|conf|cfg|settings|name)$")
# Names that don't: files, classes, mappings, Flask's own tutorial (test_config) and its old script_info.
_NEVER: Final = re.compile(
    r"(file|filename|path|dir|class|cls|object|obj|dict|mapping|overrides?|options|vars|url|uri|db|debug)$"
    r"|^test|^script_info$|^(app|import_name|package)$"
)
_ENVIRONMENTS: Final = frozenset(
    [
        "dev",
        "devel",
        "develop",
        "development",
        "local",
        "test",
        "testing",
        "stage",
        "staging",
        "prod",
        "production",
        "default",
    ]
)
_READERS: Final = ("getenv", "environ.get")


@dataclass(frozen=True)
class Argument:
    """One argument of a factory. `required` has no default; `position` is None where it can only be named."""

    name: str
    position: int | None
    default: ast.expr | None
    annotation: ast.expr | None

    @property
    def required(self) -> bool:
        """Whether a call must give it."""
        return self.default is None


def environment_argument(function: Function) -> Argument | None:
    """Return the argument that is handed the environment's name, or None for a call without arguments.

    The only argument that a factory can't do without is handed the environment, unless its name or its annotation says
    that it is something else: a file, a class, a mapping. An argument that has a default is handed it only when that
    is plainly what it is for: it is named so (`env`, `config_name`), or it is named like a config and its default is an
    environment's name or is read from the process environment (`config="development"`). So Flask's tutorial's
    `create_app(test_config=None)` and Grinberg's `create_app(config_class=Config)` are called without arguments.
    """
    arguments = _arguments(function)
    required = [a for a in arguments if a.required]
    if required:
        only = required[0] if len(required) == 1 else None
        return only if only and not _NEVER.search(only.name) and _is_text(only.annotation) else None
    return next((a for a in arguments if _defaults_to_environment(a)), None)


def call(name: str, function: Function, environment: str, module: str, place: Place, texts: Mapping[str, str]) -> str:
    """Return the source of the call that makes the app; raises UsageError when the arguments can't be known.

    `texts` are the project's files, path -> text.
    """
    argument = environment_argument(function)
    required = [a.name for a in _arguments(function) if a.required]
    if required and not argument:
        wants = " and ".join(required)
        example = f"{module}:{name}({', '.join(f'{a}=...' for a in required)})"
        raise UsageError(
            f"the factory {name} at {place} needs {wants}, and uncork can't know what to hand it",
            f'write the call {written(file_of(texts))}, with values in place of the dots: app = "{example}"',
        )
    if not argument:
        return f"{name}()"
    return f"{name}({environment!r})" if argument.position == 0 else f"{name}({argument.name}={environment!r})"


def _arguments(function: Function) -> tuple[Argument, ...]:
    spec = function.args
    positional = [*spec.posonlyargs, *spec.args]
    defaults = [None] * (len(positional) - len(spec.defaults)) + list(spec.defaults)
    named = zip(spec.kwonlyargs, spec.kw_defaults, strict=True)
    return (
        *(Argument(a.arg, i, d, a.annotation) for i, (a, d) in enumerate(zip(positional, defaults, strict=True))),
        *(Argument(a.arg, None, d, a.annotation) for a, d in named),
    )


def _defaults_to_environment(argument: Argument) -> bool:
    if _NEVER.search(argument.name) or not _is_text(argument.annotation):
        return False
    default = argument.default
    names = isinstance(default, ast.Constant) and default.value in _ENVIRONMENTS
    if _SURELY.search(argument.name):
        return names or _is_none(default) or _reads_environment(default)
    return names or (bool(_PERHAPS.search(argument.name)) and _reads_environment(default))


def _is_none(default: ast.expr | None) -> bool:
    return isinstance(default, ast.Constant) and (default.value is None or default.value == "")


def _reads_environment(default: ast.expr | None) -> bool:
    nodes = list(ast.walk(default)) if default else []
    calls = (dotted(node.func) for node in nodes if isinstance(node, ast.Call))
    looked_up = (dotted(node.value) for node in nodes if isinstance(node, ast.Subscript))
    return any(c.endswith(_READERS) for c in calls) or any(s.endswith("environ") for s in looked_up)


def _is_text(annotation: ast.expr | None) -> bool:
    """Whether an annotation allows a string; none at all does."""
    return annotation is None or bool(re.search(r"\bstr\b|\bLiteral\b", ast.unparse(annotation)))
