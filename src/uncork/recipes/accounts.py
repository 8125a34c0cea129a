"""The user of an app on a machine set up for serving: made at its first deploy, removed with the app."""

from dataclasses import dataclass
from typing import Final

from uncork.app_layout import account_name
from uncork.errors import UsageError
from uncork.plan import Run, Step

COMMENT: Final = ", by uncork"
"""What the comment of each user that we make ends with."""


@dataclass(frozen=True)
class Enrolled:
    """What there is of an app's user: whether it is there, whether its group is, and who else is in that.

    One that is not `ours` has the name by chance, and is somebody else's.
    """

    user: bool
    group: bool
    members: frozenset[str] = frozenset()
    ours: bool = True


def enroll(app: str, there: Enrolled, members: tuple[str, ...]) -> tuple[Step, ...]:
    """Return the steps after which the app has a user, and those members are in its group; none where that is so.

    It can't log in, and owns no home. The line of the group is changed, and none of those who are in it. Raises
    UsageError where somebody else has the name.
    """
    name = account_name(app)
    if not there.ours:
        raise UsageError(
            f"there is a user {name} on this machine, which uncork has not made", "give the app another `name`"
        )
    make = ("useradd", "--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin")
    group = ("--gid", name) if there.group else ("--user-group",)
    wanted = sorted(set(members) - there.members)
    return (
        *(() if there.user else (Run((*make, *group, "--comment", f"{app}{COMMENT}", name), f"make the user {name}"),)),
        *(Run(("gpasswd", "--add", member, name), f"let {member} into the group {name}") for member in wanted),
    )


def dismiss_user(app: str, there: Enrolled) -> tuple[Step, ...]:
    """Return the steps that remove the app's user, and with it its group, unless that has other members."""
    name = account_name(app)
    return (Run(("userdel", "--force", name), f"remove the user {name}"),) if there.user and there.ours else ()


def dismiss_group(app: str, there: Enrolled) -> tuple[Step, ...]:
    """Return the steps that remove a group which its user has left behind."""
    name = account_name(app)
    return (Run(("groupdel", name), f"remove the group {name}"),) if there.group and there.ours else ()
