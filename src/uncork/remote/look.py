"""Looks at a machine: what it is, and what is on it already. Nothing is changed by that."""

from uncork.recipes.setup import record
from uncork.recipes.setup.record import PLACE, Machine
from uncork.recipes.setup.seen import Seen, seen
from uncork.recipes.setup.wanted import paths
from uncork.remote.hands import succeeded
from uncork.remote.rights import may_be_root, ran
from uncork.remote.ssh import Connection
from uncork.rendering import source


def look(connection: Connection) -> tuple[Seen, Machine | None]:
    """Return what a machine is like, and the record of what was done to it, if it was set up.

    Raises UsageError if we are not root there and can't become it, UserError if the record can't be read.
    """
    may_be_root(connection)
    script = source(__package__, "look.sh")
    told = succeeded(connection, ("sh", "-s", "--", *paths()), "look at the machine", 30.0, script.encode())
    return seen(told.out), machine(connection)


def machine(connection: Connection) -> Machine | None:
    """Return the record of a machine alone: None if it was never set up. Raises UsageError if we can't be root there.

    It names who set the machine up, and from where, so it is root's to read.
    """
    asked = connection.run(("cat", PLACE))
    ran(connection, asked.code)
    return record.decode(asked.out, connection.host)
