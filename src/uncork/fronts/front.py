"""What stands before the servers and speaks HTTP to the world."""

from abc import ABC, abstractmethod
from typing import ClassVar, Final

from uncork.errors import unsayable
from uncork.layout import Layout
from uncork.model import Account
from uncork.plan import File, Run, Step
from uncork.serving import Address, Outside, Service, Site

LOW: Final = 1024
"""The ports below are root's."""


def is_low(port: int) -> bool:
    """Return whether only root may bind that port; 0 is none."""
    return 0 < port < LOW


def check_includes(layout: Layout, where: str) -> None:
    """Raise UsageError where what the main file of a config (`where`) includes would mean other files as well."""
    if any(mark in str(layout.front) for mark in "*?["):
        raise unsayable(str(layout.front), where, "`*`, `?` or `[`, which stand for other characters in an include")


class Front(ABC):
    """A web server in front of every app of a state directory, started by the supervisor, or by the machine."""

    name: ClassVar[str]
    reloads: ClassVar[bool] = True
    """Whether it takes a new config as it runs, and loses nothing; else it is started again."""
    caveat: ClassVar[str] = ""
    """What whoever has it in front should know; told at `plan` and `up`."""
    template: ClassVar[str] = ""
    """Its template of one app that a project may have another one in place of, by this name in its `uncork/`."""
    snippet: ClassVar[str] = ""
    """The file in a project's `uncork/` that is added to its config of the app as it is; empty: none."""

    @abstractmethod
    def folders(self, layout: Layout) -> tuple[Step, ...]:
        """The folders that it writes to, and all else that must be there before its config is checked."""

    @abstractmethod
    def files(
        self, layout: Layout, address: Address, sites: tuple[Site, ...], account: Account | None
    ) -> tuple[File, ...]:
        """All of its config: the main file, and one an app. `sites` are in the order of their first deploy."""

    @abstractmethod
    def service(self, layout: Layout, address: Address) -> Service:
        """How it is started and stopped; what the supervisor holds no socket for, the port for HTTPS say, it binds."""

    @property
    def outside(self) -> Outside | None:
        """Where one that the machine runs is told of our sites; None for one that the supervisor starts."""
        return None

    def join(self) -> tuple[Step, ...]:
        """The steps by which one that the machine runs goes by its config on disk."""
        return ()

    def leave(self) -> tuple[Step, ...]:
        """The steps by which one that the machine runs forgets our sites."""
        return ()

    def shares(self, address: Address) -> bool:  # noqa: ARG002 -- one of our own has its ports for itself
        """Whether others' sites answer there too."""
        return False

    @abstractmethod
    def check(self, layout: Layout) -> Run:
        """The command that says whether the config on disk is right."""
