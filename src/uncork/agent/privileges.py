"""From root to the account that serves, for good."""

import os
import pwd


def drop(name: str) -> None:
    """Become that account, with none of root's groups. Raises KeyError if there is none, OSError unless we are root."""
    entry = pwd.getpwnam(name)
    os.setgroups([entry.pw_gid])
    os.setresgid(entry.pw_gid, entry.pw_gid, entry.pw_gid)
    os.setresuid(entry.pw_uid, entry.pw_uid, entry.pw_uid)
