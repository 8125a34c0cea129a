"""Who makes a change, and from where: what the history, a lock and the audit say of it."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import Final

BY: Final = "UNCORK_BY"
"""Names who had this uncork started from elsewhere, as `anna@laptop,203.0.113.7`."""
_CONNECTION: Final = b"SSH_CONNECTION="


@dataclass(frozen=True)
class Person:
    """Who it is: by their own word where they came from elsewhere, the account here, and the address they came from."""

    name: str
    account: str
    origin: str = ""


def person() -> Person:
    """Return who runs this; the address is empty for who is at the machine itself."""
    name, _, origin = os.environ.get(BY, "").partition(",")
    account = account_name()
    return Person(name or account, account, origin or _origin())


def account_name() -> str:
    """Return the account that runs this: that of who used sudo, if somebody did."""
    uid = os.geteuid()
    try:
        return os.environ.get("SUDO_USER") or pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _origin() -> str:
    """Return the address that sshd knows of; sudo takes it out of the environment, but whoever called sudo has it."""
    pid = os.getpid()
    while pid > 1:
        words = _read(pid, "environ").split(b"\0")
        found = next((word.removeprefix(_CONNECTION) for word in words if word.startswith(_CONNECTION)), b"").split()
        if found:
            return found[0].decode("ascii", "replace")
        pid = _parent(pid)
    return ""


def _parent(pid: int) -> int:
    """The fields of proc(5)'s stat after the second, which is a name that may hold anything; 0 if it has ended."""
    fields = _read(pid, "stat").rpartition(b")")[2].split()
    return int(fields[1]) if fields else 0


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""
