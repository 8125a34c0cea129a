"""The users of apps, as this machine knows them."""

import grp
import pwd

from uncork.app_layout import account_name
from uncork.machine import processes
from uncork.model import Account
from uncork.recipes.accounts import COMMENT, Enrolled


def enrolled(app: str) -> Enrolled:
    """Return what there is of an app's user."""
    name = account_name(app)
    comment = _comment(name)
    ours = comment is None or comment.endswith(COMMENT)
    try:
        members = frozenset(grp.getgrnam(name).gr_mem)
    except KeyError:
        return Enrolled(comment is not None, group=False, ours=ours)
    return Enrolled(comment is not None, group=True, members=members, ours=ours)


def of(app: str) -> Account | None:
    """Return the user of an app; None if it has none yet."""
    return processes.named(account_name(app))


def _comment(name: str) -> str | None:
    """Return the comment of a user, None if there is no such user."""
    try:
        return pwd.getpwnam(name).pw_gecos
    except KeyError:
        return None
