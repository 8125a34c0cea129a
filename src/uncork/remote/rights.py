"""Whether we may be root on a machine: asked before it is looked at, and where a command there came to nothing."""

from typing import Final

from uncork.errors import UsageError
from uncork.remote.ssh import Connection

NOT_FOUND: Final = 127  # what a shell says of a command that is not there
UNRUN: Final = frozenset((1, NOT_FOUND))
"""How a command ends if there is no sudo, or if it does not let us; others end so too."""


def may_be_root(connection: Connection) -> None:
    """Raise UsageError, with what to do, if we are not root there and sudo does not let us be."""
    done = connection.run(("true",))
    if done.code == NOT_FOUND:
        raise UsageError(
            f"{connection.host}: we are not root there, and there is no sudo",
            "log in as root (root@...), or install sudo and let this user use it",
            done.err,
        )
    if done.code:
        raise UsageError(
            f"{connection.host}: sudo does not let us run commands as root without a password",
            "log in as root (root@...), or add a file in /etc/sudoers.d there: `USER ALL=(ALL) NOPASSWD: ALL`",
            done.err,
        )


def ran(connection: Connection, code: int) -> None:
    """Raise UsageError if a command that ended so was to be run as root, and never was."""
    if code in UNRUN and not connection.root:
        may_be_root(connection)
