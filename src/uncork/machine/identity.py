"""Being somebody else for a while: root that touches files of the account that serves can be led astray by links."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from uncork.model import Account


@contextmanager
def acting_as(account: Account | None) -> Iterator[None]:
    """Have the rights of that account inside, and no others; None changes nothing. For a process of one thread.

    What is imported inside must be within that account's reach.
    """
    if account is None:
        yield
        return
    uid, gid, groups = os.geteuid(), os.getegid(), os.getgroups()
    try:
        os.setgroups(os.getgrouplist(account.name, account.gid))
        os.setegid(account.gid)
        os.seteuid(account.uid)
        yield
    finally:
        os.seteuid(uid)
        os.setegid(gid)
        os.setgroups(groups)
