"""The variables of Flask's own in a `.env` or `.flaskenv` file."""

import re
from collections.abc import Mapping
from typing import Final

_LINE: Final = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?(?P<name>FLASK_APP|FLASK_DEBUG)[ \t]*=[ \t]*
    (?:"(?P<double>[^"\n]*)"|'(?P<single>[^'\n]*)'|(?P<bare>[^\n]*?))[ \t]*(?:(?<![^\s"'])\#[^\n]*)?$""",
    re.MULTILINE | re.VERBOSE,
)


def flask_variables(text: str) -> Mapping[str, str]:
    """Return FLASK_APP and FLASK_DEBUG as the text sets them; of what else it holds, secrets maybe, nothing is read."""
    found = ((m["name"], m["double"] or m["single"] or m["bare"] or "") for m in _LINE.finditer(text))
    return dict(found)
