"""How the formats beside the server's own say a value so that it means just that; what they can't say is refused."""

from uncork.errors import unsayable


def unit(value: str) -> str:
    """Return a value for a systemd unit, where `%` begins a specifier (systemd.unit(5))."""
    if not value.isprintable() or value != value.strip() or value.endswith("\\"):
        raise unsayable(value, "a systemd unit", "a space at either end, or a character that can't be printed")
    return value.replace("%", "%%")


def word(value: str) -> str:
    """Return one word of a command in a systemd unit: quoted, without `$` and `%` (systemd.service(5))."""
    quoted = unit(value).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return quoted if quoted and not any(mark in quoted for mark in " '\"\\;") else f'"{quoted}"'


def logrotate(value: str) -> str:
    """Return a path for quotes in a config of logrotate: they can't be escaped, and `*?[` stand for others."""
    if not value.isprintable() or any(mark in value for mark in '"*?[{'):
        raise unsayable(value, "logrotate's config", "`\"`, `*`, `?`, `[`, `{` or a character that can't be printed")
    return value
