"""The system's nginx, as it is found: what it says of itself and its config, and who may be served by it."""

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from glob import glob
from pathlib import Path
from typing import Final

from uncork.errors import UsageError
from uncork.fronts import host
from uncork.fronts.balancer import BALANCER
from uncork.fronts.host import Host
from uncork.fronts.nginx_text import parse
from uncork.machine.processes import running_in
from uncork.model import Account

BESIDE: Final = "/usr/local/sbin:/usr/sbin:/sbin"
"""Where programs of root's are, which may not be among those that a shell looks for."""
PATIENCE: Final = 30.0
_FAILED: Final = re.compile(r"configuration file (.+) test failed")


def find(site: str, account: Account | None, *, enters: bool = True) -> Host:
    """Return the system's nginx; `site` is the name of the file that is ours in its folder.

    Raises UsageError where there is none, it is not ours to change, or it could not get to what `account` serves, if
    that is what it `enters`.
    """
    nginx = _program("nginx")
    _program("logrotate")
    if account is None:
        raise UsageError(
            "only root may change the sites of the system's nginx",
            'run it as root (sudo uncork ...), or write `front = "nginx"` for uncork\'s own, which anybody may run',
        )
    found = host.host(nginx, _said(nginx, "-V").stderr, _config(nginx, site), site)
    if enters:
        _may_enter(found.user, account)
    return replace(found, runs=bool(running_in(Path(found.pid_file))))


def beside(site: str) -> Host:
    """Return the system's nginx, for a site that needs nothing of an account. Raises UsageError as `find` does."""
    nginx = _program("nginx")
    found = host.host(nginx, _said(nginx, "-V").stderr, _config(nginx, site), site)
    return replace(found, runs=bool(running_in(Path(found.pid_file))))


def user(site: str) -> str:
    """Return who the workers of the system's nginx are. Raises UsageError as `find` does."""
    nginx = _program("nginx")
    return host.host(nginx, _said(nginx, "-V").stderr, _config(nginx, site), site).user


def _program(name: str) -> str:
    path = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:{BESIDE}")
    if path is None:
        raise UsageError(
            f'there is no {name} on this machine, which `front = "system-nginx"` needs',
            f"install it: apt-get install {name} (dnf install {name} on Fedora and RHEL); "
            'or write `front = "nginx"`, which uncork brings itself',
        )
    return path


def _config(nginx: str, site: str) -> str:
    """Return all of the config, as nginx prints it. It prints none that is broken, and that may be by a file of ours.

    So it is where a deploy was killed before it could take that back: the next one writes it anew. A balancer's file is
    ours as well.
    """
    printed = _said(nginx, "-T", "-q")
    if not printed.returncode:
        return printed.stdout
    main = _FAILED.search(printed.stderr)
    texts = _texts(Path(main[1])) if main else {}
    if not any(path.name == site or path.name.startswith(BALANCER) for path in texts):
        raise UsageError(
            "the config of the system's nginx is broken, without anything of uncork's in it",
            "mend it first: `nginx -t` says the same",
            printed.stderr.strip(),
        )
    return "".join(f"{host.MARK}{path}:\n{text}\n" for path, text in texts.items())


def _texts(main: Path) -> dict[Path, str]:
    """Return a file of nginx's and those that it includes; what can't be read is left out."""
    found: dict[Path, str] = {}
    wanted = [main]
    for path in wanted:  # it grows meanwhile
        with suppress(OSError):
            found[path] = path.read_text("utf-8", "replace")
        wanted += [name for name in _included(found.get(path, ""), main.parent) if name not in wanted]
    return found


def _included(text: str, folder: Path) -> Iterator[Path]:
    for directive in (inner for outer in parse(text) for inner in outer.all()):
        if directive.name == "include":
            pattern = str(folder / " ".join(directive.words[1:2]))
            yield from map(Path, sorted(glob(pattern)))  # noqa: PTH207 -- Path.glob takes no absolute pattern


def _said(*argv: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(argv, capture_output=True, text=True, errors="replace", timeout=PATIENCE, check=False)


def _may_enter(user: str, account: Account) -> None:
    """Raise UsageError if nginx's workers are neither who serves nor in that group: sockets and files are for those."""
    if user == account.name or account.gid in _groups(user):
        return
    raise UsageError(
        f"the workers of the system's nginx run as {user}, who can't get to what {account.name} serves",
        f"put {user} into the group {account.group}: usermod -a -G {account.group} {user}",
    )


def _groups(user: str) -> list[int]:
    try:
        return os.getgrouplist(user, pwd.getpwnam(user).pw_gid)
    except KeyError:
        return []
