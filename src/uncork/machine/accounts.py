"""The users of apps, as this machine knows them."""

import grp
import pwd

from uncork.app_layout import account_name
from uncork.machine import processes
from uncork.model import Account
from uncork.recipes.accounts import Enrolled


def enrolled(app: str) -> Enrolled:
    """Return what there is of an app's user."""
    name = account_name(app)
    try:
        members = frozenset(grp.getgrnam(name).gr_mem)
    except KeyError:
        return Enrolled(_is_user(name), group=False)
    return Enrolled(_is_user(name), group=True, members=members)


def of(app: str) -> Account | None:
    """Return the user of an app; None if it has none yet."""
    return processes.named(account_name(app))


def _is_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True
