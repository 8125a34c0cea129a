"""Whether a machine can be set up at all: said before anything is sent to it."""

from typing import Final

from uncork.errors import UsageError
from uncork.recipes.platform import OLDEST, Platform
from uncork.recipes.setup.seen import NGINX, Seen

SYSTEMS: Final = {
    ("debian", "12"): "Debian 12",
    ("debian", "13"): "Debian 13",
    ("ubuntu", "22.04"): "Ubuntu 22.04",
    ("ubuntu", "24.04"): "Ubuntu 24.04",
}
"""What /etc/os-release says of the systems that are tried: ID and VERSION_ID (os-release(5))."""

MACHINES: Final = ("x86_64", "aarch64")
MEGABYTE: Final = 1024**2
NEEDED: Final = {"/opt": 300 * MEGABYTE, "/var/lib": 100 * MEGABYTE, "/etc": MEGABYTE}
"""Bytes that are to be free: two of our environments, a small app, a record."""


def fitting(seen: Seen, host: str, *, known: bool) -> Platform:
    """Return what uncork is put together for on a machine; `known`: it was set up before.

    Raises UsageError, with what to do, for one that can't serve.
    """
    _system(seen, host)
    platform = seen.platform
    if not platform:
        raise _no_python(seen, host)
    if not known:
        _free(seen, host)
        _room(seen, host)
    return platform


def _system(seen: Seen, host: str) -> None:
    if seen.system not in SYSTEMS:
        raise UsageError(
            f"{host} has {seen.title or 'a system that does not say what it is'}, which uncork does not set up",
            f"take a machine with {', '.join(SYSTEMS.values())}; or install uncork there by hand, and run `uncork up`",
        )
    if seen.machine not in MACHINES:
        raise UsageError(
            f"{host} is a {seen.machine}, which uncork has no packages for", "take one with x86-64 or arm64"
        )
    if not seen.systemd:
        raise UsageError(
            f"{host} was not booted by systemd, which keeps the apps running",
            "take a machine (a container rarely has it), or install uncork in it and run `uncork up`",
        )


def _no_python(seen: Seen, host: str) -> UsageError:
    oldest = ".".join(map(str, OLDEST))
    found = ", ".join(f"{one.executable} is {one.version}{'' if one.whole else ', in part'}" for one in seen.pythons)
    return UsageError(
        f"uncork needs Python {oldest} or newer on {host}; {found or 'there is none'}",
        "install it: apt-get install python3 (and not python3-minimal alone)",
    )


def _room(seen: Seen, host: str) -> None:
    for folder, needed in NEEDED.items():
        free = seen.free.get(folder, needed)
        if free < needed:
            raise UsageError(
                f"{host}: the disk of {folder} has {free // MEGABYTE} MB left, and {needed // MEGABYTE} are needed",
                "free some space on that disk",
            )


def _free(seen: Seen, host: str) -> None:
    """What is to be ours must be nobody else's."""
    if seen.port not in {"", NGINX}:
        raise UsageError(
            f"{seen.port} listens on port 80 of {host}, where nginx is to",
            f"stop {seen.port} there, or have it listen elsewhere",
        )
    if "uncork" in seen.accounts or "uncork" in seen.groups:
        raise UsageError(
            f"{host} has a user or a group uncork that is not ours",
            "rename or remove it (`getent passwd uncork; getent group uncork`): the agent runs under this name",
        )
    if seen.home:
        raise UsageError(
            f"root has served with uncork on {host} already: /var/lib/uncork is there",
            "run `uncork destroy` and `uncork down` there and remove the folder, or move it away",
        )
