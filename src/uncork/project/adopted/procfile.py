"""What a Procfile says: how `web` is started, and what is run at a release; other processes are none of uncork's."""

import re
import shlex
from collections.abc import Iterator
from typing import Final

from uncork.project.adopted import gunicorn, uwsgi
from uncork.project.adopted.fates import Fate, Kind, Setting, address, secret

_LINE: Final = re.compile(r"(?P<name>[A-Za-z0-9_-]+):\s*(?P<command>.*)")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=.*")
_OTHER: Final = "uncork starts only what answers requests: run it as a service of its own"
_SHELL: Final = frozenset("|;&<>`")
_SWITCHES: Final = frozenset(
    {"call", "expose-tracebacks", "no-expose-tracebacks", "ipv4", "ipv6", "no-ipv4", "no-ipv6"}
)
"""Options of Waitress's command that no value follows."""
_DEVELOPMENT: Final = "the development server; uncork finds the app as `flask run` does, and serves it by a real server"


def fates(text: str) -> Iterator[Fate]:
    """Yield what becomes of each line, and of each option in the one that starts `web`."""
    for number, line in enumerate(text.splitlines(), 1):
        found = _LINE.fullmatch(line.strip())
        if not found or line.strip().startswith("#"):
            continue
        setting = Setting(found["name"], found["command"], number)
        words = _words(found["command"])
        if setting.name not in {"web", "release"}:
            yield Fate(Kind.LEFT, setting, _OTHER)
        elif not words:
            yield Fate(Kind.LEFT, setting, "it is more than one command: it needs a shell")
        elif setting.name == "release":
            yield Fate(Kind.CARRIED, setting, values=(("release_command", words),))
        else:
            yield from _web(setting, words)


def _words(command: str) -> list[str]:
    """Return the words of one plain command; none where it takes a shell to understand it."""
    try:
        words = shlex.split(command)
    except ValueError:
        return []
    return [] if any(mark in command for mark in _SHELL) else words


def _web(setting: Setting, words: list[str]) -> Iterator[Fate]:
    if words[0] in {"exec", "env"}:
        words = words[1:]
    while words and _VARIABLE.fullmatch(words[0]):
        yield secret(Setting("the variable", words.pop(0), setting.line))
    command = words[0].rpartition("/")[2] if words else ""
    known = {"gunicorn": _gunicorn, "uwsgi": _uwsgi, "waitress-serve": _waitress}
    if command in known:
        yield from known[command](words[1:], setting.line)
    elif command in {"flask", "python", "python3"}:
        yield Fate(Kind.SAME, setting, _DEVELOPMENT)
    else:
        yield Fate(Kind.LEFT, setting, "uncork does not know that server")


def _gunicorn(words: list[str], line: int) -> Iterator[Fate]:
    yield Fate(Kind.CARRIED, Setting("gunicorn", "", line), values=(("server.kind", "gunicorn"),))
    yield from gunicorn.options(words, line)


def _uwsgi(words: list[str], line: int) -> Iterator[Fate]:
    found = _options(words, frozenset())
    yield from uwsgi.together(Setting(name or "ini", value or "true", line) for name, value in found)


def _options(words: list[str], switches: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield the options of a command line with their values, `switches` have none; a word by itself has no name."""
    left_over = list(words)
    while left_over:
        word = left_over.pop(0)
        name, equals, value = word.lstrip("-").partition("=")
        if not word.startswith("-"):
            name, value = "", word
        elif not equals and name not in switches and left_over and not left_over[0].startswith("-"):
            value = left_over.pop(0)
        yield name, value


def _waitress(words: list[str], line: int) -> Iterator[Fate]:
    yield Fate(Kind.CARRIED, Setting("waitress-serve", "", line), values=(("server.kind", "waitress"),))
    for name, value in _options(words, _SWITCHES):
        setting = Setting(name, value, line)
        if not name:
            yield Fate(Kind.CARRIED, Setting("the app", value, line), values=(("app", value),))
        elif name in {"listen", "port"}:
            yield address(Setting(name, value if name == "listen" else f":{value}", line))
        elif name == "threads" and value.isdecimal():
            yield Fate(Kind.CARRIED, setting, values=(("threads", int(value)),))
        elif name == "call":
            yield Fate(Kind.SAME, setting, "uncork sees by itself whether it is a factory")
        else:
            yield Fate(Kind.LEFT, setting, "no key of uncork's says it")
