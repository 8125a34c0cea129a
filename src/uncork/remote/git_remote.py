"""A repository on a machine: what is pushed to its branch is deployed there."""

import shlex
from dataclasses import dataclass
from typing import Final

from uncork.errors import UsageError, UserError
from uncork.layout import MACHINE
from uncork.remote.destination import WITH_PORT, name
from uncork.remote.everywhere import not_set_up
from uncork.remote.ssh import UNCORK, Connection
from uncork.rendering import render, source

NO_GIT: Final = 90


@dataclass(frozen=True)
class Repository:
    """What a push to a repository deploys: the app, from a folder called so, its branch, and as what."""

    app: str
    folder: str
    branch: str
    target: str = ""
    environment: str | None = None


def git_remote(connection: Connection, repository: Repository) -> str:
    """Make the repository of an app on a machine, or have it go by what is said now; return its URL for git.

    It belongs to the user that we are there: git runs as whoever pushes, and the deploy by sudo. Raises UsageError
    where there is no git, or no uncork.
    """
    path = MACHINE.repository(connection.user, repository.app)
    if connection.run(("test", "-x", UNCORK), root=False).code:
        raise not_set_up(connection.host)
    _done(connection, ("install", "-d", "-m", "755", str(MACHINE.repositories)))
    _done(connection, ("install", "-d", "-m", "700", "-o", connection.user, str(path.parent)))
    script = source(__package__, "git_remote.sh")
    argv = ("sh", "-c", script, "sh", str(path), repository.branch)
    _done(connection, argv, root=False, stdin=_hook(connection, repository))
    return _url(connection.host, str(path))


def _hook(connection: Connection, repository: Repository) -> bytes:
    text = render(
        __package__,
        "pre_receive.sh.j2",
        shlex.quote,
        root=connection.root,
        uncork=UNCORK,
        app=repository.app,
        folder=repository.folder,
        target=repository.target,
        environment=repository.environment,
        names=connection.names,
    )
    return text.encode()


def _done(connection: Connection, argv: tuple[str, ...], *, root: bool = True, stdin: bytes = b"") -> None:
    answer = connection.run(argv, root=root, stdin=stdin)
    if answer.code == NO_GIT:
        raise UsageError(f"there is no git on {connection.host}", "install it there: `sudo apt install git`")
    if answer.code:
        raise UserError(f"{connection.host}: could not make the repository", "mend what it says there", answer.err)


def _url(host: str, path: str) -> str:
    """Return what git calls it by: as `host:path`, which knows no port and no other colon, else as an URL."""
    if ":" in name(host):
        user, at, _ = host.removeprefix("ssh://").rpartition("@")
        there = host.removeprefix("ssh://") if WITH_PORT.fullmatch(host) else f"{user}{at}[{name(host)}]"
        return f"ssh://{there}{path}"
    if WITH_PORT.fullmatch(host.removeprefix("ssh://")) or host.startswith("ssh://"):
        return f"ssh://{host.removeprefix('ssh://')}{path}"
    return f"{host}:{path}"
