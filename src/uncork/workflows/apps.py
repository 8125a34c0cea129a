"""The apps of a state directory, by what is on disk: quick, and nobody is asked."""

import os

from uncork.config.values import NAME, ValueRefusedError
from uncork.errors import UsageError
from uncork.layout import Layout
from uncork.machine.files import names_in


def known(layout: Layout) -> tuple[str, ...]:
    """Return every app of which anything is kept."""
    return tuple(path.name for path in names_in(layout.apps) if path.is_dir())


def deployed(layout: Layout) -> tuple[str, ...]:
    """Return the apps that have a live release, running or not."""
    return tuple(name for name in known(layout) if os.path.lexists(layout.app(name).live))


def here(layout: Layout) -> tuple[str, ...]:
    """Return the apps that have a live release, and those whose requests this machine shares out."""
    return tuple(dict.fromkeys((*deployed(layout), *shared_out(layout))))


def shared_out(layout: Layout) -> tuple[str, ...]:
    """Return the apps whose requests this machine shares out."""
    return tuple(path.name for path in names_in(layout.balancers) if path.is_dir())


def named(app: str) -> str:
    """Return what somebody calls an app, whose folders are called so. Raises UsageError if none can be."""
    try:
        return str(NAME.read(app))
    except ValueRefusedError as refused:
        raise UsageError(f"the app's name {refused.problem}", refused.fix) from refused
