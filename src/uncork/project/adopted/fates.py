"""What becomes of a setting of another tool's: a key of the config, something uncork does anyway, or nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final


class Kind(Enum):
    """What becomes of a setting."""

    CARRIED = "carried"
    """The config says the same."""
    SAME = "same"
    """uncork sees to it by itself."""
    LEFT = "left"
    """It could not be carried over."""
    HARMFUL = "harmful"
    """It is left out, since it does harm."""


@dataclass(frozen=True)
class Setting:
    """A setting as it stands in a file: its name there, its value, its line."""

    name: str
    value: str
    line: int


@dataclass(frozen=True)
class Fate:
    """What becomes of one setting, why, and what the config says for it: keys (`server.gevent`) and values."""

    kind: Kind
    setting: Setting
    why: str = ""
    values: tuple[tuple[str, object], ...] = ()


Rule = Callable[[Setting], Fate]
Rules = Mapping[str, Rule]
NOT_UNDERSTOOD: Final = "its value is not understood"


def same(why: str) -> Rule:
    """Return the rule for what uncork sees to by itself."""
    return lambda setting: Fate(Kind.SAME, setting, why)


def left(why: str) -> Rule:
    """Return the rule for what can't be carried over."""
    return lambda setting: Fate(Kind.LEFT, setting, why)


def harmful(why: str) -> Rule:
    """Return the rule for what does harm."""
    return lambda setting: Fate(Kind.HARMFUL, setting, why)


def key(name: str, read: Callable[[str], object]) -> Rule:
    """Return the rule for what is that key of the config; `read` raises ValueError for a value that it can't read."""

    def rule(setting: Setting) -> Fate:
        try:
            return Fate(Kind.CARRIED, setting, values=((name, read(setting.value)),))
        except ValueError:
            return Fate(Kind.LEFT, setting, NOT_UNDERSTOOD)

    return rule


def secret(setting: Setting) -> Fate:
    """The fate of a variable: it may be a secret, so it is in no file, and its value in no message."""
    name = setting.value.partition("=")[0].strip()
    return Fate(Kind.LEFT, setting, f"values are kept outside the project: run `uncork config set {name}=...`")


def whole(text: str) -> int:
    """Return a whole number above 0; raises ValueError."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def seconds(text: str) -> str:
    """Return a time as the config says it; raises ValueError."""
    return f"{whole(text)}s"


def each(rule: Rule, *names: str) -> Rules:
    """Return the rule for each of these names."""
    return dict.fromkeys(names, rule)


def inside(setting: Setting) -> Fate:
    """The fate of an address that only a front came to."""
    return Fate(Kind.SAME, setting, "each release has a socket of its own, between it and the front")


def address(setting: Setting) -> Fate:
    """The fate of an address: the front listens there if others could come, else a front did, which uncork brings."""
    host, _, port = setting.value.strip().removeprefix("http://").rpartition(":")
    host = host.strip("[]")
    if "$" in setting.value:
        return Fate(Kind.SAME, setting, "the front listens on `port`, at first 8000; nobody has to say it")
    if "/" in setting.value or host in {"localhost", "127.0.0.1", "::1", "fd"}:
        return inside(setting)
    if not port.isdecimal():
        return Fate(Kind.LEFT, setting, NOT_UNDERSTOOD)
    bind = "0.0.0.0" if host in {"", "*"} else host  # noqa: S104 -- as it was
    return Fate(Kind.CARRIED, setting, values=(("port", int(port)), ("bind", bind)))
