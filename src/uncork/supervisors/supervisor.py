"""What keeps servers running: it holds their sockets, starts them again, and stops them in order."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Final

from uncork.layout import Layout
from uncork.model import Account, Instance
from uncork.plan import File, Step, Watched
from uncork.serving import Address, Service

AGENT: Final = "agent"
"""What the agent's program is called; an instance's name has dots."""


class Supervisor(ABC):
    """A process supervisor, spoken of in steps of a plan: nothing here acts."""

    name: ClassVar[str]

    @abstractmethod
    def files(self, layout: Layout) -> tuple[File, ...]:
        """Its own config."""

    @abstractmethod
    def folders(self, layout: Layout) -> tuple[Path, ...]:
        """Where the files of its programs lie, those of others too."""

    @abstractmethod
    def instance(self, path: Path) -> Instance | None:
        """The instance whose file in one of those folders that is; None if it is no instance's."""

    @abstractmethod
    def begin(self, layout: Layout) -> tuple[Step, ...]:
        """The steps that start the supervisor itself, and with it all programs that are on disk."""

    @abstractmethod
    def end(self, layout: Layout, instances: tuple[Instance, ...]) -> tuple[Step, ...]:
        """The steps that stop all programs in order, those instances among them, and the supervisor itself."""

    @abstractmethod
    def place(self, layout: Layout, instance: Instance, service: Service, account: Account | None) -> tuple[Step, ...]:
        """The steps that put on disk what the supervisor needs to run one instance, now and after a reboot."""

    @abstractmethod
    def start(self, layout: Layout, instance: Instance, service: Service, account: Account | None) -> tuple[Step, ...]:
        """The steps that place one instance, start it on its own socket, and keep it running."""

    def keep(self, layout: Layout, instance: Instance) -> tuple[Step, ...]:  # noqa: ARG002 -- mostly it does
        """The steps after which an instance comes back with the machine."""
        return ()

    def forget(self, layout: Layout, instance: Instance) -> tuple[Step, ...]:  # noqa: ARG002 -- mostly it is no matter
        """The steps after which an instance that runs on does not come back with the machine."""
        return ()

    def settle(self) -> tuple[Step, ...]:
        """The steps after which what the supervisor tells people of its programs is so; programs don't need them."""
        return ()

    @abstractmethod
    def stop(self, layout: Layout, instance: Instance, seconds: float) -> tuple[Step, ...]:
        """The steps that let one instance finish within so many seconds (0: at once), end it, and forget all of it."""

    @abstractmethod
    def watched(self, layout: Layout, instance: Instance) -> Watched:
        """How whoever waits for an instance can tell that it has ended."""

    @abstractmethod
    def start_front(
        self, layout: Layout, service: Service, address: Address, account: Account | None, *, again: bool = True
    ) -> tuple[Step, ...]:
        """The steps that start the front on a listening socket of the supervisor's, or restart it on another one.

        `again`: one that runs is ended first; else it goes on.
        """

    @abstractmethod
    def stop_front(self, layout: Layout) -> tuple[Step, ...]:
        """The steps that let the front finish, end it, and forget it."""

    @abstractmethod
    def agent_files(self, layout: Layout, account: Account | None, apps: tuple[str, ...] = ()) -> tuple[File, ...]:
        """What the supervisor needs to run the agent of those apps, now and after a reboot; another uncork's differ."""

    @abstractmethod
    def start_agent(self, layout: Layout, account: Account | None, apps: tuple[str, ...] = ()) -> tuple[Step, ...]:
        """The steps that start the agent, or another one in its place, and wait for nothing that it does."""

    @abstractmethod
    def reload_front(self, layout: Layout) -> tuple[Step, ...]:
        """The steps that make a running front read its config again."""
