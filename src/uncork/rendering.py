"""Renders the templates that lie beside the code: what is undefined is an error, and every value is escaped."""

import pkgutil
import shlex
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment

Escape = Callable[[str], str]


def as_it_is(text: str) -> str:
    """Return the text unchanged: for templates that name the escaping of each value themselves."""
    return text


def render(package: str, template: str, escape: Escape = as_it_is, /, **values: object) -> str:
    """Return a template of a package with the values put in, each of them through `escape`.

    Raises whatever `escape` raises for a value that its format can't carry. The filter `python` makes a literal of
    Python, the filter `shell` a word of a shell.
    """
    return _environment(package, escape).get_template(template).render(values)


@cache
def _environment(package: str, escape: Escape) -> "Environment":
    """Return what templates are compiled in, once each: a deploy renders some of them several times."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(lambda name: source(package, name)),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 -- this is for HTML; `escape` is for the format at hand
        finalize=lambda value: escape(str(value)),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["python"] = repr
    environment.filters["shell"] = _word
    return environment


@cache
def source(package: str, template: str) -> str:
    """Return the text of a template. It is read once: a process that can get to it no longer has it still."""
    text = pkgutil.get_data(package, template)
    return (text or b"").decode()


def _word(value: object) -> str:
    return shlex.quote(str(value))
