"""Where the front of a state directory answers, and the address that each app is reached at."""

from collections.abc import Sequence
from typing import Final

from uncork.config import Config
from uncork.errors import UsageError
from uncork.model import Address, Facts, Site

EVERYWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 -- named so that it can be told from the rest


def decide(facts: Facts, config: Config, port: int | None, bind: str | None) -> Address:
    """Return the address to answer on: what the command says, else the config, else what is, else 127.0.0.1:8000.

    Raises UsageError where a config asks for another port or address than the one that other apps answer on already.
    """
    now = facts.address or Address()
    moved = _moved(config, now, port, bind)
    others = tuple(app.name for app in facts.apps if app.name != config.name and app.live)
    if moved and others:
        raise UsageError(
            f"the config of {config.name} asks for {moved[0]}, but the front answers on {now.bind}:{now.port}, "
            f"and {', '.join(others)} with it: the apps of a state directory share one front",
            f"take the key out; or move all of them with `uncork up --port {config.port or now.port}`; "
            "or use another state directory with --home",
        )
    return Address(bind or config.bind or now.bind, port or config.port or now.port)


def _moved(config: Config, now: Address, port: int | None, bind: str | None) -> tuple[int | str, ...]:
    """Return what the config, where the command says nothing, asks for that is not so."""
    each = ((config.port, port, now.port), (config.bind, bind, now.bind))
    return tuple(asked for asked, said, current in each if asked and not said and asked != current)


def url(site: Site, sites: Sequence[Site], address: Address) -> str:
    """Return where the app is reached on this machine: the port itself if it is the first at its mount there."""
    first = next(s for s in sites if s.mount == site.mount)
    host = _host(address) if first.app == site.app else f"{site.app}.localhost"
    return f"http://{host}:{address.port}{site.mount.rstrip('/')}/"


def _host(address: Address) -> str:
    if address.bind in EVERYWHERE:
        return "127.0.0.1"
    return f"[{address.bind}]" if ":" in address.bind else address.bind
