"""Have the front serve what it should: the sites of the live releases, on the one address."""

from dataclasses import replace
from pathlib import Path
from typing import Final

from uncork.apply import apply
from uncork.errors import UsageError
from uncork.fronts.front import Front
from uncork.layout import Layout
from uncork.machine import files, processes, sockets
from uncork.model import Facts
from uncork.plan import Plan
from uncork.recipes.front import START, Fronts, Refresh, Served, refresh, runs, sites
from uncork.recipes.https import settled
from uncork.serving import Address, Site
from uncork.workflows.https import secured
from uncork.workflows.work import FRONT_WAIT, Work

SUFFIXES: Final = frozenset({".conf", ".types", ".js", ".awk"})
"""What the files of a front's config end with."""


def serve(work: Work, address: Address, gone: str | None = None) -> tuple[Site, ...]:
    """Have the front serve what it should by the facts of now, without the app that is `gone`; return the sites.

    It stays the front that there is: since `work` began, a deploy may have put another one in its place.
    """
    with files.hold_waiting(work.layout.lock, FRONT_WAIT):
        facts = work.facts()
        work = work.behind(facts.front or work.front.name)
        wanted = sites(facts, gone=gone)
        front = refreshed(work, facts, Served(address, wanted))
        apply(Plan(front.prepare, front.switch, front.revert), work.account, work.report)
    return wanted


def refreshed(work: Work, facts: Facts, wanted: Served) -> Refresh:
    """Return what it takes for the front to serve what is wanted. Must be called with the front's lock held."""
    fronts = Fronts(work.front, work.behind(facts.front or work.front.name).front)
    address = settled(wanted.address, wanted.sites)
    wanted = replace(wanted, address=replace(address, shared=fronts.wanted.shares(address)))
    wanted = replace(wanted, certificates=secured(work.layout, wanted))
    return refresh(fronts, work.supervisor, work.layout, facts, wanted, texts(work.layout, fronts))


def texts(layout: Layout, fronts: Fronts) -> dict[Path, str]:
    """Return the front's config as it is on disk."""
    folders = (layout.front, layout.front / "apps", layout.front / "check")
    paths = [path for folder in folders for path in files.names_in(folder) if path.suffix in SUFFIXES]
    outside = (front.outside for front in (fronts.present, fronts.wanted))
    beyond = [Path(path) for found in outside if found for path in found.files if Path(path).exists()]
    return {path: files.read(path) for path in (*paths, *beyond)}


def port_is_free(
    facts: Facts, address: Address, front: Front, written: str = "under [tls] in the app's config"
) -> None:
    """Raise UsageError if the front would have to listen where somebody else does, naming who, and a port to take.

    A front that has the port already lets it go before it takes it on another address. One whose start was cut off
    may have any port: only its supervisor knows, and starts it again. One of the machine's may answer there already.
    `written` says where the config has the keys for HTTPS.
    """
    now = facts.address or Address(port=0)
    if runs(facts) and facts.pending == START:
        return
    for port, had, say in (
        (address.port, now.port, "take another port: uncork up --port {}"),
        (address.tls_port, now.tls_port, f"write `port = {{}}` {written}"),
    ):
        holder = sockets.port_holder(address.bind, port) if port and not (runs(facts) and port == had) else None
        if holder and not (front.outside and is_of(front.outside.pid_file, holder)):
            free = sockets.next_free_port(address.bind, port)
            raise UsageError(f"port {port} is taken by {holder}", f"end that, or {say.format(free)}")


def is_of(pid_file: str, holder: str) -> bool:
    """Whether who holds a port is a master, or one of its workers, who all hold it."""
    named = holder.split()[1:2]
    if not (named and named[0].isdecimal()):
        return False
    master, pid = processes.running_in(Path(pid_file)), int(named[0])
    return master in {pid, processes.parent_of(pid)} and master != 0
