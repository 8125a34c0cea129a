"""The user of an app on a machine set up for serving: made at its first deploy, removed with the app."""

from dataclasses import dataclass

from uncork.app_layout import account_name
from uncork.plan import Run, Step


@dataclass(frozen=True)
class Enrolled:
    """What there is of an app's user: whether it is there, whether its group is, and who else is in that."""

    user: bool
    group: bool
    members: frozenset[str] = frozenset()


def enroll(app: str, there: Enrolled, members: tuple[str, ...]) -> tuple[Step, ...]:
    """Return the steps after which the app has a user, and those members are in its group; none where that is so.

    It can't log in, and owns no home. The line of the group is changed, and none of those who are in it.
    """
    name = account_name(app)
    make = ("useradd", "--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin")
    group = ("--gid", name) if there.group else ("--user-group",)
    wanted = sorted(set(members) - there.members)
    return (
        *(
            ()
            if there.user
            else (Run((*make, *group, "--comment", f"{app}, by uncork", name), f"make the user {name}"),)
        ),
        *(Run(("gpasswd", "--add", member, name), f"let {member} into the group {name}") for member in wanted),
    )


def dismiss_user(app: str, there: Enrolled) -> tuple[Step, ...]:
    """Return the steps that remove the app's user, and with it its group, unless that has other members."""
    name = account_name(app)
    return (Run(("userdel", "--force", name), f"remove the user {name}"),) if there.user else ()


def dismiss_group(app: str, there: Enrolled) -> tuple[Step, ...]:
    """Return the steps that remove a group which its user has left behind."""
    name = account_name(app)
    return (Run(("groupdel", name), f"remove the group {name}"),) if there.group else ()
