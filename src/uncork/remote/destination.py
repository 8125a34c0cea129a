"""What users call a machine, as ssh understands it."""

import ipaddress
import re
from typing import Final

from uncork.errors import UsageError

# Whitespace and what begins with a dash would be other arguments to ssh, or to what its config runs.
SAFE: Final = re.compile(
    r"(?:ssh://)?[A-Za-z0-9_][A-Za-z0-9_.+-]*(?:@[A-Za-z0-9_\[:][A-Za-z0-9_.:%\[\]-]*)?(?::[0-9]+)?|\[?[0-9a-fA-F:]+\]?"
)
WITH_PORT: Final = re.compile(r"(?:[^@:]+@)?(?:\[[^\]]+\]|[^:\[\]]+):[0-9]+")


def destination(host: str) -> str:
    """Return `[USER@]HOST[:PORT]` as ssh takes it. Raises UsageError for what can't be one."""
    if not SAFE.fullmatch(host):
        raise UsageError(
            f"{host!r} is no host", "write it as ssh has it: deploy@203.0.113.7, or a name of ~/.ssh/config"
        )
    return f"ssh://{host}" if WITH_PORT.fullmatch(host) else host


def name(host: str) -> str:
    """Return the name of a machine alone, without the user and the port: what people call it."""
    bare = host.removeprefix("ssh://").rpartition("@")[2]
    return bare.rpartition(":")[0].strip("[]") if WITH_PORT.fullmatch(bare) else bare.strip("[]")


def visited(name: str) -> str:
    """Return the name of a machine as browsers ask for it: an IPv6 address in brackets, in its shortest form."""
    try:
        # A zone (RFC 4007) means something on the computer alone where it is said.
        return f"[{ipaddress.IPv6Address(name.partition('%')[0])}]"
    except ValueError:
        return name
