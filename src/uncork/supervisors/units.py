"""systemd's units: what ours are called, and how their files say a value so that it means just that."""

import re
from typing import Final

from uncork.errors import unsayable
from uncork.model import Instance

AGENT_UNIT: Final = "uncork-agent.service"
SLICE: Final = "uncork.slice"
"""What all of ours is in."""
_RUN: Final = re.compile(r"uncork-([a-z][a-z0-9-]*)@([0-9]+)(?:\.([0-9]+))?\.(?:service|socket)")


def unit(instance: Instance) -> str:
    """Return what the units of one run of a release are called, without what they end with: `uncork-shop@12`."""
    again = f".{instance.number}" if instance.number > 1 else ""
    return f"uncork-{instance.app}@{instance.release}{again}"


def service(instance: Instance) -> str:
    """Return what the unit is called that runs an instance's server."""
    return f"{unit(instance)}.service"


def socket(instance: Instance) -> str:
    """Return what the unit is called that holds an instance's socket."""
    return f"{unit(instance)}.socket"


def app_slice(app: str) -> str:
    """Return what an app's slice is called: a dash in a slice's name is a level of the tree (systemd.slice(5))."""
    escaped = app.replace("-", r"\x2d")
    return f"uncork-{escaped}.slice"


def instance(name: str) -> Instance | None:
    """Return the instance whose unit is called that; None if it is no instance's."""
    found = _RUN.fullmatch(name)
    return Instance(found[1], int(found[2]), int(found[3] or 1)) if found else None


def line(value: str) -> str:
    """Return a value for a line of a unit, where `%` begins a specifier (systemd.unit(5)). Raises UsageError."""
    if not value.isprintable() or value != value.strip() or value.endswith("\\"):
        raise unsayable(value, "a systemd unit", "a space at either end, or a character that can't be printed")
    return value.replace("%", "%%")


def word(value: str) -> str:
    """Return one word of a command in a unit: quoted, without `$` and `%` (systemd.service(5)). Raises UsageError."""
    return setting(value.replace("$", "$$"))


def setting(value: str) -> str:
    """Return one of several words that are no command's, a variable say, where `$` is a plain character."""
    quoted = line(value).replace("\\", "\\\\").replace('"', '\\"')
    return quoted if quoted and not any(mark in quoted for mark in " '\"\\;") else f'"{quoted}"'
