"""What stands before the servers and speaks HTTP to the world."""

from abc import ABC, abstractmethod
from typing import ClassVar

from uncork.layout import Layout
from uncork.model import Account
from uncork.plan import File, Run, Step
from uncork.serving import Address, Service, Site


class Front(ABC):
    """A web server in front of every app of a state directory, started by the supervisor on a socket it holds."""

    name: ClassVar[str]

    @abstractmethod
    def folders(self, layout: Layout) -> tuple[Step, ...]:
        """The folders that it writes to, and all else that must be there before its config is checked."""

    @abstractmethod
    def files(
        self, layout: Layout, address: Address, sites: tuple[Site, ...], account: Account | None
    ) -> tuple[File, ...]:
        """All of its config: the main file, and one an app. `sites` are in the order of their first deploy."""

    @abstractmethod
    def service(self, layout: Layout) -> Service:
        """How it is started and stopped."""

    @abstractmethod
    def check(self, layout: Layout) -> Run:
        """The command that says whether the config on disk is right."""
