"""The kinds of values that the config has: what each may be, and what to write instead of what it may not."""

import difflib
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
_ENVIRONMENT: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_IMPORT: Final = re.compile(r"(?=.{1,1000}$)[^\W\d]\w*(\.[^\W\d]\w*)*(:.+)?")
_PATH: Final = re.compile(r"/[!-~]{0,1023}")
_SEGMENT: Final = re.compile(r"[A-Za-z0-9._~-]+")
_LABEL: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_DURATION: Final = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?", re.ASCII)
_SIZE: Final = re.compile(r"(\d+)([kmgt]?)(i?b)?", re.ASCII | re.IGNORECASE)
_DIGITS: Final = re.compile(r"\d{1,9}", re.ASCII)
_LONGEST_HOST: Final = 253  # RFC 1035, section 2.3.4
_DAY: Final = 86_400.0
_SHOWN: Final = 60
HEADER: Final = "[[...]]"
"""Stands in a fix for the header of a list of tables, which is told where the file is known."""


class ValueRefusedError(Exception):
    """A value that its key can't have: `problem` follows the key's name, `fix` says what to write.

    `inside` are the keys that lead to what is wrong in a value that is itself a table, or a list of them.
    """

    def __init__(self, problem: str, fix: str, inside: tuple[str | int, ...] = ()) -> None:
        super().__init__(problem)
        self.problem = problem
        self.fix = fix
        self.inside = inside


@dataclass(frozen=True)
class Kind:
    """A kind of values: what it is in words, and how one is read; `read` raises ValueRefusedError."""

    what: str
    read: Callable[[object], object]


def shown(value: object) -> str:
    """Return a value as it is quoted in a message: one line, and not a long one."""
    text = ascii(value) if isinstance(value, str | list) else str(value)
    text = text.lower() if isinstance(value, bool) else text
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} characters)"


def normalised(text: str) -> str | None:
    """Return the name for an app that a project's or a folder's name makes, None if it makes none."""
    name = re.sub(r"[-_. ]+", "-", text.lower()).strip("-")
    return name if _NAME.fullmatch(name) else None


def text_of(value: object, what: str, example: str) -> str:
    """Return the value if it is a text of one line; everything that is written into a file begins here.

    Raises ValueRefusedError.
    """
    if not isinstance(value, str):
        raise ValueRefusedError(f"is {shown(value)}, but it must be {what}", f"write it in quotes: {example}")
    if not value.isprintable():
        raise ValueRefusedError(f"is {shown(value)}, which holds a character that can't be seen", "take it out")
    return value


def _matching(what: str, pattern: re.Pattern[str], example: str) -> Kind:
    def read(value: object) -> str:
        text = text_of(value, what, example)
        if not pattern.fullmatch(text):
            raise ValueRefusedError(f"is {shown(text)}, but it must be {what}", f"write, for example, {example}")
        return text

    return Kind(what, read)


def _read_name(value: object) -> str:
    what = "a small letter, then at most 39 of a-z, 0-9 and `-`"
    text = text_of(value, what, '"guestbook"')
    if _NAME.fullmatch(text):
        return text
    raise ValueRefusedError(f"is {shown(text)}, but it must be {what}", f'write "{normalised(text) or "guestbook"}"')


def _read_variable(value: object) -> str:
    text = str(_matching("the name of an environment variable", _VARIABLE, '"MY_FLASK_ENV"').read(value))
    if text.startswith("UNCORK_") or text == "FLASK_DEBUG":
        raise ValueRefusedError(f"is {text}, which uncork sets by itself", 'name another, such as "MY_FLASK_ENV"')
    return text


def number(least: int, most: int) -> Kind:
    """Return the kind of whole numbers in a range."""
    what = f"a whole number from {least} to {most}"

    def read(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            meant = int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else least
            fix = f"write a number: {min(max(least, meant), most)}"
            raise ValueRefusedError(f"is {shown(value)}, but it must be {what}", fix)
        if not least <= value <= most:
            near = least if value < least else most
            raise ValueRefusedError(f"is {shown(value)}, but it must be {what}", f"write {near}")
        return value

    return Kind(what, read)


def choice(*names: str) -> Kind:
    """Return the kind of values that are one of these names."""
    what = " or ".join(f'"{name}"' for name in names)
    plain = {name.lower(): f'"{name}"' for name in names}

    def read(value: object) -> str:
        if value not in names:
            near = difflib.get_close_matches(value.lower(), plain, n=1) if isinstance(value, str) else []
            raise ValueRefusedError(
                f"is {shown(value)}, but it must be {what}", f"write {plain[near[0]] if near else what}"
            )
        return str(value)

    return Kind(what, read)


def duration(least: float, most: float = _DAY, example: str = '"30s"') -> Kind:
    """Return the kind of times, in seconds, that are at least so long, and at most so long (else a day)."""
    what = 'a time such as "30s", "1m30s" or "500ms"' if most == _DAY else 'a time such as "30m", "12h" or "7d"'
    longest = f"{most / 3600:g}h" if most <= _DAY else f"{most / _DAY:g}d"

    def read(value: object) -> float:
        seconds = seconds_in(value)
        if seconds is None:
            raise ValueRefusedError(f"is {shown(value)}, but it must be {what}", f"write, for example, {example}")
        if not least <= seconds <= most:
            raise ValueRefusedError(
                f"is {shown(value)}, but it must be from {least:g}s to {longest}",
                f'write "{least:g}s" or more' if seconds < least else f'write "{longest}" or less',
            )
        return seconds

    return Kind(what, read)


def seconds_in(value: object) -> float | None:
    """Return the seconds that a number or a text such as `1m30s` says; None if it says none."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if not match or not match[0] or len(match[0]) > _SHOWN:
        return None
    days, hours, minutes, seconds, thousandths = (float(part or 0) for part in match.groups())
    return days * _DAY + hours * 3600 + minutes * 60 + seconds + thousandths / 1000


def size(least: int, shown_least: str) -> Kind:
    """Return the kind of sizes, in bytes, that are at least so big."""
    what = 'a size such as "512M" or "2G"'

    def read(value: object) -> int:
        found = _bytes(value)
        if found is None:
            raise ValueRefusedError(f"is {shown(value)}, but it must be {what}", 'write, for example, "512M"')
        if not least <= found < 2**60:
            raise ValueRefusedError(
                f"is {shown(value)}, but it must be at least {shown_least} and below 1024 P",
                f'write "{shown_least}" or more' if found < least else "write less",
            )
        return found

    return Kind(what, read)


def _bytes(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    match = _SIZE.fullmatch(value) if isinstance(value, str) and len(value) <= _SHOWN else None
    if not match:
        return None
    return int(match[1]) << 10 * " kmgt".index(match[2].lower() or " ")


def _read_switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueRefusedError(
            f"is {shown(value)}, but it must be true or false", "write true or false, without quotes"
        )
    return value


def _read_mount(value: object) -> str:
    what = 'a path such as "/shop", of letters, digits and `. _ ~ -`'
    text = text_of(value, what, '"/shop"')
    segments = text.strip("/").split("/")
    good = all(_SEGMENT.fullmatch(s) and s not in {".", ".."} for s in segments)
    clean = f"/{'/'.join(segments)}"
    if text != "/" and not (good and text == clean):
        instead = f'write "{clean}"' if good else 'write, for example, "/shop"'
        raise ValueRefusedError(f"is {shown(text)}, but it must be {what}", instead)
    return text


def _read_address(value: object) -> str:
    import ipaddress

    what = 'an IP address, such as "127.0.0.1", or "0.0.0.0" for all of them'
    text = text_of(value, what, '"127.0.0.1"')
    try:
        # The zone of an IPv6 address (`fe80::1%eth0`) is any text, so none is taken.
        return str(ipaddress.ip_address("" if "%" in text else text))
    except ValueError:
        raise ValueRefusedError(f"is {shown(text)}, but it must be {what}", 'write "127.0.0.1" or "0.0.0.0"') from None


def _read_domains(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        fix = 'write, for example, ["shop.example.com"]'
        raise ValueRefusedError(f"is {shown(value)}, but it must be a list of host names", fix)
    return tuple(dict.fromkeys(_domain(item) for item in value))


def _domain(value: object) -> str:
    what = "a host name alone, without scheme, port or path"
    text = text_of(value, what, '"shop.example.com"')
    star, host = ("*.", text[2:]) if text.startswith("*.") else ("", text)
    name = host_name(host)
    if not name:
        raise ValueRefusedError(
            f"holds {shown(text)}, but each must be {what}", 'write, for example, "shop.example.com"'
        )
    return star + name


def host_name(text: str) -> str:
    """Return a host name as the network knows it, in ASCII and small letters; empty if it is none."""
    try:
        name = text.lower() if text.isascii() else text.encode("idna").decode().lower()
    except UnicodeError:
        return ""
    is_name = len(name) <= _LONGEST_HOST and all(_LABEL.fullmatch(label) for label in name.split("."))
    return name if is_name else ""


def _read_command(value: object) -> tuple[str, ...]:
    what, example = 'a command, such as "flask db upgrade" or ["flask", "db", "upgrade"]', '"flask db upgrade"'
    if isinstance(value, str):
        try:
            words = shlex.split(text_of(value, what, example))
        except ValueError as error:
            fix = 'close the quote, or write a list: ["flask", "db", "upgrade"]'
            raise ValueRefusedError(f"is {shown(value)}, which is no command: {error}", fix) from None
    elif isinstance(value, list) and all(isinstance(word, str) for word in value):
        words = value
    else:
        raise ValueRefusedError(f"is {shown(value)}, but it must be {what}", f"write, for example, {example}")
    if not words or not words[0]:
        raise ValueRefusedError(f"is empty, but it must be {what}", "take it out, or name a command")
    if any("\0" in word for word in words):
        raise ValueRefusedError(f"is {shown(value)}, which holds a NUL", "take it out")
    return tuple(words)


NAME: Final = Kind("a small letter, then at most 39 of `a-z`, `0-9` and `-`", _read_name)
ENVIRONMENT: Final = _matching("a letter, then at most 39 of letters, digits, `_` and `-`", _ENVIRONMENT, '"staging"')
IMPORT: Final = _matching("a module, then a colon and what to take from it", _IMPORT, '"guestbook:create_app()"')
VARIABLE: Final = Kind("the name of an environment variable", _read_variable)
MOUNT: Final = Kind("a path of letters, digits and `. _ ~ -`", _read_mount)
ADDRESS: Final = Kind("an IP address", _read_address)
PATH: Final = _matching("a path that begins with `/`, of visible ASCII characters", _PATH, '"/healthz"')
SWITCH: Final = Kind("true or false", _read_switch)
DOMAINS: Final = Kind("a list of host names", _read_domains)
COMMAND: Final = Kind("a command, as a text or a list", _read_command)
