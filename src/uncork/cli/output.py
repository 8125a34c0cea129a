"""What verbs print: one JSON object, or plain lines and aligned columns."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from typing import Final

import click

SCHEMA: Final = 1
_COLOURS: Final = {
    "running": "green",
    "live": "green",
    "idle": "green",
    "refused": "yellow",
    "failed": "red",
    "starting": "yellow",
    "stopping": "yellow",
}


def emit(fields: Mapping[str, object]) -> None:
    """Print the one JSON object of a verb."""
    import json

    click.echo(json.dumps({"schema": SCHEMA, **fields}, default=_plain))


def fields(value: object) -> dict[str, object]:
    """Return the fields of a dataclass, and of those in it, as JSON has them."""
    if not is_dataclass(value) or isinstance(value, type):
        raise TypeError(type(value).__name__)
    return asdict(value)


def styled(text: str, *, fg: str | None = None, bold: bool | None = None) -> str:
    """Return a text with its style, unless NO_COLOR is set (no-color.org); echo takes it off where no terminal is."""
    return text if os.environ.get("NO_COLOR") else click.style(text, fg=fg, bold=bold)


def state(word: str) -> str:
    """Return a state with its colour."""
    return styled(word, fg=_COLOURS[word]) if word in _COLOURS else word


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows in aligned columns under a head."""
    lines = [head, *rows]
    widths = [max(len(click.unstyle(line[i])) for line in lines) for i in range(len(head))]
    return "\n".join(
        "  ".join(_padded(cell, width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - len(click.unstyle(cell)))


def _plain(value: object) -> object:
    """Return what JSON has for a mapping or a path."""
    return dict(value) if isinstance(value, Mapping) else str(value)
