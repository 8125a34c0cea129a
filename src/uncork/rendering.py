"""Renders the templates that lie beside the code: what is undefined is an error, and every value is escaped."""

import pkgutil
import re
import shlex
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Final

from uncork.errors import UsageError

if TYPE_CHECKING:
    from jinja2 import Environment

Escape = Callable[[str], str]

PLAIN: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
OWN: Final = "uncork"
"""The folder of a project that holds its own snippets, and what it has in place of our templates."""
MARK: Final = "Written by `uncork render`."
"""In the README of each folder that `render` wrote: what says that it may be written over, and is no project's."""


def as_it_is(text: str) -> str:
    """Return the text unchanged: for templates that name the escaping of each value themselves."""
    return text


class _Verbatim(str):
    """A text that is written as it is: a snippet in a format's own words."""

    __slots__ = ()


def render(package: str, template: str, escape: Escape = as_it_is, /, **values: object) -> str:
    """Return a template of a package with the values put in, each of them through `escape`.

    Raises whatever `escape` raises for a value that its format can't carry. The filter `python` makes a literal of
    Python, the filter `shell` a word of a shell, the filter `verbatim` leaves a text as it is.
    """
    return _environment(package, escape).get_template(template).render(values)


def render_own(own: str, package: str, template: str, escape: Escape, /, **values: object) -> str:
    """Return a template with the values put in: what a project has in place of it (`own`), or ours if that is empty.

    It is given the same values as ours, and can do nothing but put them in: who deploys may be root, and who wrote it
    is not. Raises UsageError, with the line, for what is no template, and for a value that it asks for and does not
    get; and whatever `escape` raises.
    """
    if not own:
        return render(package, template, escape, **values)
    from jinja2 import TemplateError

    from uncork.sandbox import Sandbox

    try:
        return _environment(package, escape, Sandbox).from_string(own).render(values)
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
        raise UsageError(
            f"{OWN}/{template}{_line(error)}: this template can't be filled in: {error}",
            "correct it, or begin with a copy of uncork's own",
        ) from error


def _line(error: Exception) -> str:
    """Where in a template it went wrong: a mistake of syntax says so, others by the frame that they passed."""
    line = getattr(error, "lineno", None)
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return f":{line}" if line else ""


@cache
def _environment(package: str, escape: Escape, kind: "type[Environment] | None" = None) -> "Environment":
    """Return what templates are compiled in, once each: a deploy renders some of them several times."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined, pass_context

    from uncork.compiled import Compiled

    # With a context no constant is escaped when a template is compiled: what is kept is the same for every escape.
    @pass_context
    def finalize(_context: object, value: object) -> str:
        return value if isinstance(value, _Verbatim) else escape(str(value))

    environment = (kind or Environment)(
        loader=FunctionLoader(lambda name: _ours(package, name)),
        undefined=StrictUndefined,
        autoescape=False,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        bytecode_cache=None if kind else Compiled(package),  # in a sandbox a template is compiled otherwise
    )
    environment.filters["python"] = repr
    environment.filters["shell"] = _word
    environment.filters["verbatim"] = _Verbatim
    return environment


def _ours(package: str, name: str) -> str | None:
    """Return a template beside ours; a project's own can include no other file of the machine."""
    try:
        return source(package, name) if PLAIN.fullmatch(name) else None
    except FileNotFoundError:
        return None


@cache
def source(package: str, template: str) -> str:
    """Return the text of a template. It is read once: a process that can get to it no longer has it still."""
    text = pkgutil.get_data(package, template)
    return (text or b"").decode()


def _word(value: object) -> str:
    return shlex.quote(str(value))
