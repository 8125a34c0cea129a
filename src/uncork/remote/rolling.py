"""A change of several machines: the first one alone, then the others in batches; all of them, or none."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from uncork.errors import RefusedError, UserError
from uncork.remote.exchange import LostError
from uncork.workflows.take_over import Deployed


class State(Enum):
    """What became of a machine in a deploy."""

    NEW = "serves the new release"
    REFUSED = "refused it, and serves what it did"
    BACK = "went back to what it served"
    LOST = "was cut off: it goes on or reverts by itself"
    LEFT = "was left as it is"


class Change(Protocol):
    """A deploy that goes on on a machine, and is held there once visitors are on the new release."""

    def switched(self) -> None:
        """Wait until visitors are on the new release. Raises UserError where they never were, or nobody knows."""

    def keep(self) -> None:
        """Let them stay there."""

    def back(self) -> None:
        """Let what served before serve again."""

    def stop(self) -> None:
        """Take it back, however far it got."""

    def result(self) -> Deployed:
        """Wait for the end. Raises RefusedError where it was taken back."""


class Visitors(Protocol):
    """Who leads visitors around machines that change."""

    def leave_out(self, hosts: Iterable[str]) -> None:
        """Have them go to all other machines. Raises UserError."""

    def changed(self, hosts: Iterable[str]) -> None:
        """Know that these machines are as they should be."""

    def restore(self) -> None:
        """Know that all machines are as they were."""


class Undirected:
    """Nobody leads visitors around."""

    def leave_out(self, hosts: Iterable[str]) -> None:
        """They go where they go."""

    def changed(self, hosts: Iterable[str]) -> None:
        """Nobody asks."""

    def restore(self) -> None:
        """Nobody asks."""


Begin = Callable[[str], AbstractContextManager[Change]]


@dataclass(frozen=True)
class Ended:
    """What became of a machine: what serves there, where that is known, and why it is not the new release."""

    host: str
    state: State
    deployed: Deployed | None = None
    error: UserError | None = None


@dataclass(frozen=True)
class Rolled:
    """What became of each machine; `trouble` is what kept visitors from being led around.

    `notes` are what else is worth telling.
    """

    machines: tuple[Ended, ...]
    trouble: UserError | None = None
    notes: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether all machines serve the new release."""
        return not self.trouble and all(one.state is State.NEW for one in self.machines)


@dataclass
class Rollout:
    """One deploy to machines. `begin` deploys to one."""

    begin: Begin
    visitors: Visitors
    going: dict[str, Change] = field(default_factory=dict)
    failed: dict[str, UserError] = field(default_factory=dict)
    trouble: UserError | None = None
    stopped: bool = False

    def roll(self, batches: Sequence[Sequence[str]]) -> Rolled:
        """Deploy to each batch in turn. Where a machine fails, no other is begun, and those that switched go back.

        Who interrupts it has all machines go back that have begun.
        """
        with ExitStack() as stack:
            try:
                self._all(batches, stack)
            except KeyboardInterrupt:
                self._take_back()
                raise
            ended = self._end([host for batch in batches for host in batch])
        return Rolled(ended, self.trouble)

    def _all(self, batches: Sequence[Sequence[str]], stack: ExitStack) -> None:
        for batch in batches:
            if not self._lead(batch):
                return
            self._batch(batch, stack)
            self.visitors.changed(host for host in batch if host not in self.failed)
            if self.failed:
                return

    def _take_back(self) -> None:
        self._stop()
        for change in self.going.values():
            with suppress(UserError):
                change.result()
        self.visitors.restore()
        self._lead(())

    def _stop(self) -> None:
        """Have what goes on taken back; it is said once, since a second time would interrupt that."""
        for change in () if self.stopped else tuple(self.going.values()):
            change.stop()
        self.stopped = True

    def _lead(self, around: Iterable[str]) -> bool:
        """Have visitors led around machines, and return whether they are."""
        try:
            self.visitors.leave_out(around)
        except UserError as error:
            self.trouble = error
        return self.trouble is None

    def _batch(self, batch: Sequence[str], stack: ExitStack) -> None:
        with ThreadPoolExecutor(max_workers=len(batch)) as pool:
            futures = [pool.submit(self._change, host, stack) for host in batch]
            try:
                wait(futures)
            except KeyboardInterrupt:
                self._stop()
                raise
        for done in futures:
            done.result()

    def _change(self, host: str, stack: ExitStack) -> None:
        try:
            change = self.going[host] = stack.enter_context(self.begin(host))
            change.switched()
        except UserError as error:
            self.failed[host] = error

    def _lost(self) -> list[str]:
        return [host for host, error in self.failed.items() if isinstance(error, LostError)]

    def _end(self, hosts: Sequence[str]) -> tuple[Ended, ...]:
        """Have all that switched stay, or go back, and return what became of each machine."""
        keeps = not (self.failed or self.trouble)
        held = {host: change for host, change in self.going.items() if host not in self.failed}
        if not keeps:
            self.visitors.restore()
        self._lead(self._lost())
        for change in held.values():
            change.keep() if keeps else change.back()
        ended = tuple(self._ended(host, held.get(host)) for host in hosts)
        self._lead(self._lost())
        return ended

    def _ended(self, host: str, change: Change | None) -> Ended:
        if error := self.failed.get(host):
            return Ended(host, State.LOST if isinstance(error, LostError) else State.REFUSED, error=error)
        if change is None:
            return Ended(host, State.LEFT)
        try:
            return Ended(host, State.NEW, change.result())
        except RefusedError:
            return Ended(host, State.BACK)
        except UserError as error:
            self.failed[host] = error
            return Ended(host, State.LOST, error=error)


def batches(hosts: Sequence[str], size: int) -> tuple[tuple[str, ...], ...]:
    """Return the hosts in the order in which they change: the first alone, then so many at once."""
    rest = hosts[1:]
    return (tuple(hosts[:1]), *(tuple(rest[at : at + size]) for at in range(0, len(rest), size)))
