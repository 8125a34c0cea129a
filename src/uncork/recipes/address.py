"""Where the front of a state directory answers, and the address that each app is reached at."""

from collections.abc import Sequence
from typing import Final

from uncork.config import Config
from uncork.config.tls import FILES
from uncork.errors import UsageError
from uncork.model import Facts, Release
from uncork.recipes.front import sites
from uncork.recipes.https import check_port, settled
from uncork.servers.server import Server
from uncork.serving import ACME, HTTP, HTTPS, Address, Protocol, ServerSettings, Site

MACHINES_FRONT: Final = "system-nginx"
"""What is in front on a machine set up for serving."""
EVERYWHERE: Final = Address("0.0.0.0", 80)  # noqa: S104 -- a server's visitors come from everywhere


def decide(facts: Facts, config: Config, port: int | None, bind: str | None) -> Address:
    """Return the address to answer on: what the command says, else the config, else what is, else 127.0.0.1:8000.

    On a machine set up for serving that is port 80 of all addresses. The port for HTTPS is that of the config too, or
    what goes with the other. Raises UsageError where a config asks for another port or address than the one that other
    apps answer on already.
    """
    now = facts.address or (EVERYWHERE if facts.set_up else Address())
    moved = _moved(config, now, port, bind)
    others = tuple(app.name for app in facts.apps if app.name != config.name and app.live)
    if moved and others:
        raise UsageError(
            f"the config of {config.name} asks for {moved[0]}, but the front answers on {now.bind}:{now.port}, "
            f"and {', '.join(others)} with it: the apps of a state directory share one front",
            f"take the key out; or move all of them with `uncork up --port {config.port or now.port}`; "
            "or use another state directory with --home",
        )
    site = Site(config.name, Protocol.UWSGI, tls=config.own_tls)
    plain = Address(bind or config.bind or now.bind, port or config.port or now.port)
    address = settled(plain, sites(facts, site))
    check_port(facts, site, address, config.written("tls"))
    return address


def _moved(config: Config, now: Address, port: int | None, bind: str | None) -> tuple[int | str, ...]:
    """Return what the config, where the command says nothing, asks for that is not so."""
    each = ((config.port, port, now.port), (config.bind, bind, now.bind))
    return tuple(asked for asked, said, current in each if asked and not said and asked != current)


def front_kind(facts: Facts, config: Config, server: Server) -> str:
    """Return the kind of front that the app gets: what the config says, else what others have, else what suits it.

    Raises UsageError where its server can't stand behind that, or other apps stand behind another.
    """
    possible = server.fronts(config.server)
    if facts.set_up:
        return _machines(config, possible)
    others = tuple(app.name for app in facts.apps if app.name != config.name and app.live)
    kind = config.front.kind or (facts.front if others else possible[0])
    if kind not in possible:
        able = ", ".join(f'"{name}"' for name in possible)
        raise UsageError(
            f"{_served(config.server)} can't stand behind {_named(kind)} as the config of {config.name} has it",
            'with no front uWSGI speaks HTTP to the world: write `server = { kind = "uwsgi", protocol = "http" }`'
            if kind == "none"
            else f"write `front = {able.replace(', ', '` or `front = ')}`; or choose another server",
        )
    if others and kind != facts.front:
        raise UsageError(
            f"{config.name} asks for {_named(kind)}, but {_named(facts.front)} is in front of {', '.join(others)}: the "
            "apps of a state directory share one front",
            "take `front` out of the config, or use another state directory with --home",
        )
    return kind


def _machines(config: Config, possible: tuple[str, ...]) -> str:
    """On a machine set up for serving there is one front, whatever suits the server."""
    kind = config.front.kind or MACHINES_FRONT
    if kind != MACHINES_FRONT:
        raise UsageError(
            f"the config of {config.name} asks for {_named(kind)}, but a machine set up for serving has its own nginx "
            "in front",
            f'take `front` out of the config, or write `front = "{MACHINES_FRONT}"` for this target',
        )
    if kind not in possible:
        raise UsageError(
            f"{_served(config.server)} can't stand behind {_named(kind)}, which is in front on a machine set up for "
            "serving",
            "choose another server for this target; without `server` it is uWSGI",
        )
    return kind


def front_of(facts: Facts, release: Release) -> str:
    """Return the kind of front that a release of before stands behind: as it did, or as others do that are there.

    Raises UsageError where other apps stand behind one that it can't.
    """
    others = tuple(app.name for app in facts.apps if app.name != release.app and app.live)
    if others and facts.front not in release.fronts:
        raise UsageError(
            f"release {release.id} ran by {release.server}, which can't stand behind {_named(facts.front)}, as "
            f"{', '.join(others)} does: the apps of a state directory share one front",
            "choose another release, or deploy the project anew",
        )
    return facts.front if others else release.fronts[0]


def check_unchanged(before: Facts, now: Facts, kind: str) -> None:
    """Raise UsageError where the front is neither that of before nor of that kind: another app was quicker."""
    if now.front not in {before.front, kind}:
        raise UsageError(
            f"another app was deployed meanwhile behind {_named(now.front)}, and {_named(kind)} was to be in front",
            "run the command again: it says what goes together",
        )


def _served(server: ServerSettings) -> str:
    return f'{server.kind} with `protocol = "{server.protocol}"`' if server.kind == "uwsgi" else server.kind


def _named(kind: str) -> str:
    return {"none": "no front", "system-nginx": "the system's nginx"}.get(kind, kind)


def url(site: Site, sites: Sequence[Site], address: Address, *, elsewhere: bool = False) -> str:
    """Return where the app is reached on this machine: the port itself if it is the first at its mount there.

    `elsewhere`: it is asked for from other machines, so by its name if it has one.

    Where others' sites answer too only a name leads to it.

    A certificate that was given, or that a CA gave, is for its domains alone, so that is where an app with one is
    reached.
    """
    site = next((s for s in sites if s.app == site.app), site)
    host = _host(site, sites, address, elsewhere=elsewhere)
    path = f"{site.mount.rstrip('/')}/"
    if not site.tls.on:
        return f"http://{host}{'' if elsewhere and address.port == HTTP else f':{address.port}'}{path}"
    named = (domain for domain in site.domains if not domain.startswith("*") and site.tls.covers(domain))
    host = next(named, host) if site.tls.kind in {FILES, ACME} else host
    port = settled(address, tuple(sites)).tls_port
    return f"https://{host}{f':{port}' if port != HTTPS else ''}{path}"


def _host(site: Site, sites: Sequence[Site], address: Address, *, elsewhere: bool) -> str:
    first = next(s for s in sites if s.mount == site.mount)
    host = address.here if first.app == site.app and not address.shared else f"{site.app}.localhost"
    return next((domain for domain in site.domains if elsewhere and not domain.startswith("*")), host)
