"""The keys of the config: what the reader of a config checks them by, and what the reference page says of them."""

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass
from typing import Final

from uncork.config.values import Kind

NOTHING: Final = "none"


@dataclass(frozen=True)
class Key:
    """A key: what it means, what it may be, and how one is written in TOML.

    `default` is what holds without it, as it would be written, `NOTHING` where that is nothing; `defaults` are those
    of environments that have their own.
    """

    name: str
    doc: str
    kind: Kind
    example: str
    default: str = NOTHING
    defaults: tuple[tuple[str, str], ...] = ()


def kinds(keys: tuple[Key, ...]) -> Mapping[str, Kind]:
    """Return what each key may be, by its name."""
    return {key.name: key.kind for key in keys}


def about(doc: str, kind: Kind, example: str) -> dict[str, object]:
    """Return the metadata of a field that is a key."""
    return {"doc": doc, "kind": kind, "example": example}


def of_field(field: "Field[object]") -> Key:
    """Return the key that a field with such metadata is."""
    return Key(field.name, default=_written(field.default), **field.metadata)


def _written(default: object) -> str:
    if default is None or default is MISSING or default == ():
        return NOTHING
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, float):
        return f'"{default:g}s"'
    return f'"{default}"' if isinstance(default, str) else str(default)
