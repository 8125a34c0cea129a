"""What `[limits]` holds: how much of a machine one run of a release may take."""

from dataclasses import replace
from typing import Final

from uncork.config.keys import Key
from uncork.config.text import Table
from uncork.config.values import Kind, ValueRefusedError, number, shown, size
from uncork.serving import Limits

_MEGABYTE: Final = 1024**2
_LEAST_CORES: Final = 0.05
_MOST_CORES: Final = 1024


def settings(values: Table) -> Limits:
    """Return what holds where the config says these (checked) values."""
    return replace(Limits(), **values)  # type: ignore[arg-type]


def _read_cores(value: object) -> float:
    what = "a number of cores, such as 2 or 0.5"
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ValueRefusedError(f"is {shown(value)}, but it must be {what}", "write, for example, 0.5")
    if not _LEAST_CORES <= value <= _MOST_CORES:
        near = _LEAST_CORES if value < _LEAST_CORES else _MOST_CORES
        raise ValueRefusedError(f"is {shown(value)}, but it must be {what}", f"write {near:g}")
    return float(value)


KEYS: Final = (
    Key(
        "memory",
        "How much memory a release may hold, all its processes together; one that asks for more is ended. In a deploy "
        "the old release and the new one have it each.",
        size(64 * _MEGABYTE, "64M"),
        '"512M"',
    ),
    Key("cpu", "How many cores a release may use.", Kind("a number of cores, such as 0.5", _read_cores), "1.5"),
    Key("tasks", "How many processes and threads a release may have.", number(16, 1_000_000), "512"),
)
