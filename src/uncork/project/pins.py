"""The text of a requirements file: its entries, and whether each is pinned and hashed."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Final

from uncork.project.distributions import normalised

_NAME: Final = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(.*)", re.DOTALL)
_EXACT: Final = re.compile(r"\(?===?\s*([^\s,;*)]+)\)?\s*(?:;.*)?", re.DOTALL)
_AT: Final = re.compile(r"@\s*(\S+)")
_COMMIT: Final = re.compile(r"@[0-9a-f]{40}(?=#|$)|\.(?:whl|tar\.gz|zip)(?=#|$)")
_OPTION: Final = re.compile(r"(-[a-zA-Z]|--[a-z-]+)[=\s]*(.*)", re.DOTALL)
_HASH: Final = re.compile(r"\s--hash[=\s]\S+")
_PATH: Final = re.compile(r"\.{0,2}/|\.\.?(?=\[|$)|file:|~/")
INCLUDES: Final = ("-r", "--requirement")
CONSTRAINTS: Final = ("-c", "--constraint")


@dataclass(frozen=True)
class Entry:
    """One logical line of a requirements file.

    `lines` is it as written, with the comments that explain it. `text` is it without comments, `option` is `-r` and
    the like with its `value`; `name` is normalised, empty for what has none; `version` is empty unless it is exact.
    """

    lines: tuple[str, ...]
    line: int
    text: str
    option: str = ""
    value: str = ""
    name: str = ""
    version: str = ""
    hashed: bool = False

    @property
    def requirement(self) -> bool:
        """Whether it asks for a distribution."""
        return bool(self.text) and (not self.option or self.editable)

    @property
    def editable(self) -> bool:
        """Whether it asks for a folder that is installed by reference."""
        return self.option in {"-e", "--editable"}

    @property
    def local(self) -> bool:
        """Whether it asks for a file or a folder on this machine."""
        return self.requirement and bool(_PATH.match(self.value))

    @property
    def itself(self) -> bool:
        """Whether it asks for the project that the file belongs to."""
        return self.requirement and self.value.partition("[")[0] in {".", "./"}

    @property
    def pinned(self) -> bool:
        """Whether it can mean one version only."""
        return bool(self.version)


def entries(text: str) -> tuple[Entry, ...]:
    """Return the entries of a requirements file in order; comments and blank lines belong to the entry before."""
    found: list[Entry] = []
    for number, lines in _logical(text.splitlines()):
        entry = _entry(lines, number)
        if entry.text or not found:
            found.append(entry)
        else:
            found[-1] = replace(found[-1], lines=(*found[-1].lines, *lines))
    return tuple(found)


def requirements(texts: Mapping[str, str], path: str) -> tuple[Entry, ...]:
    """Return the entries of a file with those of the files that it includes in their place."""
    return tuple(entry for _, entry in _included(texts, path, frozenset()) if entry.text)


def included(texts: Mapping[str, str], path: str) -> tuple[str, ...]:
    """Return a requirements file and all that it names with -r and -c, as far as they are there."""
    named = (_beside(p, e.value) for p, e in _included(texts, path, frozenset()) if e.option in CONSTRAINTS)
    files = (p for p, _ in _included(texts, path, frozenset()))
    return tuple(dict.fromkeys(p for p in (path, *files, *named) if p in texts))


def _included(texts: Mapping[str, str], path: str, above: frozenset[str]) -> Iterator[tuple[str, Entry]]:
    for entry in entries(texts.get(path, "")):
        inner = _beside(path, entry.value)
        if entry.option in INCLUDES and inner in texts and inner not in above | {path}:
            yield path, Entry((), entry.line, "")
            yield from _included(texts, inner, above | {path})
        else:
            yield path, entry


def pin(name: str, version: str, hashes: tuple[str, ...] = (), marker: str = "", url: str = "") -> str:
    """Return the text of a pinned requirement; `hashes` are as in `sha256:...`, `url` stands in for the version."""
    head = f"{name} @ {url}" if url else f"{name}=={version}"
    condition = f" ; {marker}" if marker else ""
    return " \\\n".join([head + condition, *(f"    --hash={digest}" for digest in sorted(hashes))])


def _beside(path: str, name: str) -> str:
    parts: list[str] = []
    for part in (PurePosixPath(path).parent / name).parts:
        if part == ".." and parts:
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _logical(lines: list[str]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield each logical line (a backslash at its end goes on) with its number, counted from 1."""
    group: list[str] = []
    for number, line in enumerate(lines, 1):
        group.append(line)
        if not line.rstrip().endswith("\\") or line.lstrip().startswith("#"):
            yield number - len(group) + 1, tuple(group)
            group = []
    if group:
        yield len(lines) - len(group) + 1, tuple(group)


def _entry(lines: tuple[str, ...], number: int) -> Entry:
    joined = " ".join(re.sub(r"(^|\s)#.*", "", line).strip().removesuffix("\\").strip() for line in lines).strip()
    text = _HASH.sub("", joined).strip()
    hashed = text != joined
    if option := _OPTION.fullmatch(text):
        return Entry(lines, number, text, option[1], option[2].strip())
    if _PATH.match(text) or "://" in text.partition(" ")[0]:
        version = text if _COMMIT.search(text.partition(";")[0].strip()) else ""
        return Entry(lines, number, text, value=text, version=version, hashed=hashed)
    parts = _NAME.fullmatch(text)
    if not parts:
        return Entry(lines, number, text)
    return Entry(lines, number, text, "", _url(parts[2]), normalised(parts[1]), _version(parts[2]), hashed)


def _url(rest: str) -> str:
    found = _AT.match(rest)
    return found[1] if found else ""


def _version(rest: str) -> str:
    """Return the exact version of a specifier; for a URL the URL, where it can mean one version only."""
    if url := _url(rest):
        return url if _COMMIT.search(url) else ""
    exact = _EXACT.fullmatch(rest)
    return exact[1] if exact else ""
