"""From bytes to text, as Python, uv and editors do it; what can't be decoded is no reason to stop."""

import codecs
import tokenize
from io import BytesIO
from typing import Final

# `pip freeze > requirements.txt` in PowerShell writes UTF-16.
_MARKS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def decoded(content: bytes, *, is_python: bool = False) -> tuple[str, bool]:
    """Return the text, its lines ended by a line feed alone, and whether every byte could be decoded."""
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    if is_python and encoding == "utf-8":
        encoding = _declared(content)
    try:
        text, clean = content.decode(encoding), True
    except (UnicodeError, LookupError):  # LookupError: a codec that makes no text, as rot13
        text, clean = content.decode("utf-8", "replace"), False
    return text.replace("\r\n", "\n").replace("\r", "\n"), clean


def _declared(content: bytes) -> str:
    """Return the encoding that a Python source declares (PEP 263); UTF-8 if it declares none that is known."""
    try:
        return tokenize.detect_encoding(BytesIO(content).readline)[0]
    except SyntaxError:
        return "utf-8"
