"""nginx's config as a text: what its directives are (ngx_conf_file.c)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(
    r"""\s+ | \#[^\n]* | (?P<mark>[;{}])
    | "(?P<double>(?:[^"\\]|\\.)*)" | '(?P<single>(?:[^'\\]|\\.)*)'
    | (?P<word>(?:\$\{|\\.|[^\s;{])+)""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Directive:
    """A directive: its words, the first of which is its name, and the directives in its block."""

    words: tuple[str, ...]
    block: tuple["Directive", ...] = ()

    @property
    def name(self) -> str:
        """What it is called."""
        return self.words[0]

    def all(self) -> Iterator["Directive"]:
        """Yield it, and all that are in it."""
        yield self
        for inner in self.block:
            yield from inner.all()


def parse(text: str) -> tuple[Directive, ...]:
    """Return the directives of a config; what is left open ends with it."""
    return tuple(_block(_tokens(text)))


def _block(tokens: Iterator[tuple[str, str]]) -> Iterator[Directive]:
    words: list[str] = []
    for kind, value in tokens:
        if kind != "mark":
            words.append(value)
            continue
        if value == "}":
            return
        block = tuple(_block(tokens)) if value == "{" else ()
        if words:
            yield Directive(tuple(words), block)
        words = []


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """Yield words and marks; a quoted mark is a word."""
    for found in _TOKEN.finditer(text):
        if found.lastgroup == "mark":
            yield "mark", found["mark"]
        elif found.lastgroup:
            yield "word", re.sub(r"\\(.)", r"\1", found[found.lastgroup], flags=re.DOTALL)
