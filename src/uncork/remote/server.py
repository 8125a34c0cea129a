"""A machine's uncork and ours: which one it has, whether it is in order, and how it comes to have ours."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version

from uncork.errors import UsageError, UserError
from uncork.recipes.platform import Platform
from uncork.recipes.setup.record import Machine
from uncork.recipes.setup.wanted import AGENT
from uncork.remote.bundle import digest
from uncork.remote.everywhere import at_once
from uncork.remote.look import look, machine
from uncork.remote.setting_up import Bundles, planned, set_up
from uncork.remote.ssh import Connection, connect
from uncork.report import Reporter


@dataclass(frozen=True)
class Standing:
    """A machine, as `server status` tells it. `uncork` is empty where it was never set up; `free` is in bytes.

    `same` says whether it has the very uncork that asks. `problem` is why it could not be asked: then there is no more.
    """

    host: str
    system: str = ""
    uncork: str = ""
    same: bool = False
    python: str = ""
    nginx: str = ""
    agent: str = ""
    apps: tuple[str, ...] = ()
    free: int = 0
    problem: str = ""

    @property
    def well(self) -> bool:
        """Whether all runs there that should."""
        return not self.problem and self._runs

    @property
    def _runs(self) -> bool:
        return not self.uncork or (self.nginx == RUNS and self.agent in {RUNS, DOWN})


RUNS = "running"
DOWN = "down"
STOPPED = "stopped"


def standing(connection: Connection) -> Standing:
    """Return how a machine is. Raises UsageError where we can't be root."""
    seen, record = look(connection)
    units = {name: RUNS if unit.active else STOPPED for name, unit in seen.units.items()}
    agent = DOWN if seen.down and not seen.units[AGENT].active else units[AGENT]
    return Standing(
        connection.host,
        seen.title,
        record.uncork if record else "",
        record is not None and record.bundle == _own(record),
        seen.python.version if seen.python else "",
        units["nginx.service"] if "nginx" in seen.programs else "",
        agent if record else "",
        seen.apps,
        seen.free.get("/var/lib", 0),
    )


def standings(hosts: Sequence[str], *, accept_new: bool) -> tuple[Standing, ...]:
    """Return how machines are, all asked at once; what is wrong with one keeps nobody from hearing of the others."""

    def ask(host: str) -> Standing:
        try:
            return standing(connect(host, accept_new=accept_new))
        except UserError as error:
            return Standing(host, problem=error.problem)

    found = {one.host: one for one in at_once(hosts, ask)}
    return tuple(found[host] for host in hosts)


def brought(connection: Connection, report: Reporter, *, upgrade: bool = True) -> Machine:
    """Return the record of a machine that has our uncork: one that has an older one is brought to ours first.

    Raises UsageError for a machine that was not set up, and where its uncork is not ours and is not to be changed:
    with `upgrade` off, or since it is the newer one.
    """
    found = machine(connection)
    if not found or not found.bundle:
        raise UsageError(
            f"{connection.host} is not set up for serving", f"set it up: `uncork server setup {connection.host}`"
        )
    if found.bundle == _own(found):
        return found
    own = version("uncork")
    if not upgrade:
        raise UsageError(
            f"{connection.host} has {_named(found.uncork, own)}, and this is {own}",
            f"upgrade it: `uncork server upgrade {connection.host}`; or leave --no-upgrade out",
        )
    report.note(f"{connection.host} has {_named(found.uncork, own)}, and this is {own}: it is upgraded first")
    with Bundles() as bundles:
        return set_up(connection, planned(connection), bundles, report, "server upgrade")


def _named(theirs: str, own: str) -> str:
    return f"uncork {theirs}" if theirs != own else f"another build of uncork {theirs}"


def _own(record: Machine) -> str:
    """Return the digest of our uncork on that machine; empty where ours can't run on it any more."""
    try:
        return digest(Platform(record.python, record.machine, record.libc, record.executable))
    except UserError:
        return ""
