"""Apache, which is a front and a server: what of it a machine has, and how a value is said in its config."""

import re
from dataclasses import dataclass
from typing import Final

from uncork.errors import UsageError, unsayable

PLAIN: Final = re.compile(r"[A-Za-z0-9_./:@,+-]+")


@dataclass(frozen=True)
class Apache:
    """Apache as it is installed: the program, the folder of its modules, and the file of the one for WSGI.

    `python` is the version (`3.11`) that the module for WSGI was built for: it can be used with no other.
    """

    binary: str = "/usr/sbin/apache2"
    modules: str = "/usr/lib/apache2/modules"
    wsgi: str = "/usr/lib/apache2/modules/mod_wsgi.so"
    python: str = ""


def escape(value: str) -> str:
    """Return a value as Apache's config must say it. Raises UsageError where no way to say it exists.

    `${...}` is a variable's value wherever it stands, and nothing escapes it.
    """
    if not value.isprintable():
        raise refused(value, "a character that can't be printed")
    if "${" in value:
        raise refused(value, "`${`")
    if PLAIN.fullmatch(value):
        return value
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"'


def pattern(url: str, rest: str = "") -> str:
    """Return the regular expression of a URL, and then `rest`. Raises UsageError where it can't be said."""
    escape(url)
    return f"^{re.escape(url)}{rest}"


def rewriting(expression: str) -> str:
    """Return a regular expression as mod_rewrite reads it: to it a backslash means nothing, and a quote is the end."""
    return '"' + expression.replace('"', r"\x22") + '"'


def in_expression(value: str) -> str:
    """Return a value as it stands between the quotes of an expression. Raises UsageError where it can't."""
    found = next((mark for mark in ("'", '"', "\\", "%{", "$") if mark in value), None)
    if found:
        raise refused(value, f"`{found}`")
    return value


def refused(value: str, what: str) -> UsageError:
    """Return what a user is told of a value that can't be said."""
    return unsayable(value, "Apache's config", what)
