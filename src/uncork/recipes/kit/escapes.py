"""How the formats beside the server's own say a value so that it means just that; what they can't say is refused."""

from uncork.errors import unsayable
from uncork.supervisors.units import line as unit
from uncork.supervisors.units import word

__all__ = ["logrotate", "unit", "word"]


def logrotate(value: str) -> str:
    """Return a path for quotes in a config of logrotate: they can't be escaped, and `*?[` stand for others."""
    if not value.isprintable() or any(mark in value for mark in '"*?[{'):
        raise unsayable(value, "logrotate's config", "`\"`, `*`, `?`, `[`, `{` or a character that can't be printed")
    return value
