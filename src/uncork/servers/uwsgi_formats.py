"""The formats that uWSGI reads its config in, beside INI: XML, YAML and JSON; pyuwsgi reads all of them by itself."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from uncork.errors import UsageError, unsayable


@dataclass(frozen=True)
class _Line:
    """A line of an INI: an option with its value, or a comment, or neither."""

    option: str = ""
    value: str = ""
    comment: str = ""


def converted(ini: str, to: str) -> str:
    """Return an INI of uWSGI's in another format (`xml`, `yaml` or `json`), or as it is (`ini`).

    JSON has no place for comments. Raises UsageError for a value that the format can't carry.
    """
    return FORMATS[to](ini)


def _lines(ini: str) -> Iterator[_Line]:
    """Yield the lines of the one section; a comment is one on a line of its own, as core/ini.c has it."""
    for line in ini.splitlines():
        text = line.strip()
        option, _, value = (part.strip() for part in text.partition("="))
        if text.startswith(("#", ";")):
            yield _Line(comment=text[1:].strip())
        elif text and not text.startswith("["):
            yield _Line(option, value)
        else:
            yield _Line()


def _xml(ini: str) -> str:
    """The reader takes but the first piece of a text that entities or comments cut up, so values are CDATA."""
    made = ["<uwsgi>"]
    for line in _lines(ini):
        if line.comment:
            made.append(f"  <!-- {line.comment.replace('--', '- -')} -->")
        elif line.option:
            made.append(f"  <{line.option}>{_cdata(line.value)}</{line.option}>")
    return "\n".join((*made, "</uwsgi>", ""))


def _cdata(value: str) -> str:
    if "]]>" in value:
        raise _refused(value, "`]]>`", "XML")
    return f"<![CDATA[{value}]]>" if any(mark in value for mark in "&<>") else value


def _yaml(ini: str) -> str:
    """The reader knows neither quotes nor lists: an option that comes twice is written twice, and `#` ends a line."""
    made = ["uwsgi:"]
    for line in _lines(ini):
        if line.comment:
            made.append(f"  # {line.comment}")
        elif line.option:
            made.append(f"  {line.option}: {_plain(line.value)}")
    return "\n".join((*made, ""))


def _plain(value: str) -> str:
    if "#" in value:
        raise _refused(value, "a `#`", "YAML")
    return value


def _json(ini: str) -> str:
    """An option that comes twice is a list."""
    found: dict[str, list[str]] = {}
    for line in _lines(ini):
        if line.option:
            found.setdefault(line.option, []).append(line.value)
    values = {option: values[0] if len(values) == 1 else values for option, values in found.items()}
    return json.dumps({"uwsgi": values}, indent=2, ensure_ascii=False) + "\n"


def _refused(value: str, what: str, kind: str) -> UsageError:
    return unsayable(value, f"uWSGI's {kind}", what, "choose another path, or `--format ini`")


FORMATS: Final[Mapping[str, Callable[[str], str]]] = {"ini": str, "xml": _xml, "yaml": _yaml, "json": _json}
