"""A verb on several machines at once, by the uncork of each."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeVar

from uncork.errors import UserError
from uncork.remote.rights import ran
from uncork.remote.ssh import FAILED, Connection, connect

R = TypeVar("R")

LONGEST: Final = 3600.0
NOT_SET_UP: Final = 93
# A status of our own, since a shell and sudo have different ones for a command that is not there.
_THERE: Final = f'[ -x "$0" ] || exit {NOT_SET_UP}; exec "$0" "$@"'


@dataclass(frozen=True)
class Outcome:
    """How a verb ended on a machine: its exit status, and what it wrote; `error` is why it could not be asked."""

    host: str
    code: int
    out: str = ""
    err: str = ""
    error: UserError | None = None


def called(connection: Connection, words: Sequence[str]) -> tuple[str, ...]:
    """Return what runs a verb of the machine's own uncork; it ends with `NOT_SET_UP` where there is none."""
    return ("sh", "-c", _THERE, *connection.uncork(*words))


def not_set_up(host: str) -> UserError:
    """Return what is told of a machine without uncork."""
    return UserError(f"{host} is not set up for serving", f"set it up: `uncork server setup {host}`")


def here(host: str, words: Sequence[str], *, accept_new: bool) -> int:
    """Run a verb on one machine with our own streams, and return its exit status. Raises UserError."""
    connection = connect(host, accept_new=accept_new)
    code = connection.terminal(called(connection, words))
    if code == NOT_SET_UP:
        raise not_set_up(host)
    ran(connection, code)
    if code == FAILED:
        raise UserError(f"{host}: the connection was lost", "see that the machine is up, and run this again")
    return code


def everywhere(
    hosts: Sequence[str], words: Sequence[str], *, accept_new: bool, stdin: bytes = b""
) -> Iterator[Outcome]:
    """Run a verb on machines at once, and yield how it ended on each, in their order."""

    def run(connection: Connection) -> Outcome:
        answer = connection.run(called(connection, words), stdin=stdin, timeout=LONGEST)
        if answer.code == NOT_SET_UP:
            raise not_set_up(connection.host)
        ran(connection, answer.code)
        return Outcome(connection.host, answer.code, answer.out, answer.err)

    def outcome(host: str) -> Outcome:
        try:
            return run(connect(host, accept_new=accept_new))
        except UserError as error:
            return Outcome(host, int(error.code), error=error)

    yield from at_once(hosts, outcome)


def at_once(hosts: Sequence[str], act: Callable[[str], R]) -> Iterator[R]:
    """Do something for each machine, all at once, and yield what it gives, in their order."""
    with ThreadPoolExecutor(max_workers=max(1, len(hosts))) as pool:
        yield from pool.map(act, hosts)
