"""Have the front serve what it should: the sites of the live releases, on the one address."""

from pathlib import Path

from uncork.apply import apply
from uncork.errors import UsageError
from uncork.layout import Layout
from uncork.machine import files, sockets
from uncork.model import Facts
from uncork.plan import Plan
from uncork.recipes.front import START, Fronts, Refresh, Served, refresh, runs, sites
from uncork.serving import Address, Site
from uncork.workflows.work import FRONT_WAIT, Work


def serve(work: Work, address: Address, gone: str | None = None) -> tuple[Site, ...]:
    """Have the front serve what it should by the facts of now, without the app that is `gone`; return the sites."""
    with files.hold_waiting(work.layout.lock, FRONT_WAIT):
        facts = work.facts()
        wanted = sites(facts, gone=gone)
        front = refreshed(work, facts, Served(address, wanted))
        apply(Plan(front.prepare, front.switch, front.revert), work.account, work.report)
    return wanted


def refreshed(work: Work, facts: Facts, wanted: Served) -> Refresh:
    """Return what it takes for the front to serve what is wanted. Must be called with the front's lock held."""
    fronts = Fronts(work.front, work.behind(facts.front or work.front.name).front)
    return refresh(fronts, work.supervisor, work.layout, facts, wanted, texts(work.layout))


def texts(layout: Layout) -> dict[Path, str]:
    """Return the front's config as it is on disk."""
    folders = (layout.front, layout.front / "apps", layout.front / "check")
    paths = [path for folder in folders for path in files.names_in(folder) if path.suffix in {".conf", ".types"}]
    return {path: files.read(path) for path in paths}


def port_is_free(facts: Facts, address: Address) -> None:
    """Raise UsageError if the front would have to listen where somebody else does, naming who, and a port to take.

    A front that has the port already lets it go before it takes it on another address. One whose start was cut off
    may have any port: only its supervisor knows, and starts it again.
    """
    here = facts.address is not None and address.port == facts.address.port
    if runs(facts) and (here or facts.pending == START):
        return
    holder = sockets.port_holder(address.bind, address.port)
    if holder:
        free = sockets.next_free_port(address.bind, address.port)
        raise UsageError(
            f"port {address.port} is taken by {holder}",
            f"end that, or take another port: uncork up --port {free}",
        )
