"""A deploy to several machines: the first one alone, then the others in batches; all of them, or none."""

from collections.abc import Callable, Iterable, Iterator, Sequence
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


@dataclass
class Rollout:
    """One deploy to machines. `begin` deploys to one."""

    begin: Begin
    visitors: Visitors
    going: dict[str, Change] = field(default_factory=dict)
    failed: dict[str, UserError] = field(default_factory=dict)

    def roll(self, batches: Sequence[Sequence[str]]) -> tuple[Ended, ...]:
        """Deploy to each batch in turn. Where a machine fails, no other is begun, and those that switched go back.

        Raises what kept visitors from being led around; all has been taken back then.
        """
        with ExitStack() as stack:
            trouble: UserError | None = None
            try:
                self._all(batches, stack)
            except UserError as error:
                trouble = error
            ended = tuple(self._end([host for batch in batches for host in batch], good=not trouble))
        if trouble:
            raise trouble
        return ended

    def _all(self, batches: Sequence[Sequence[str]], stack: ExitStack) -> None:
        for batch in batches:
            self.visitors.leave_out(batch)
            self._batch(batch, stack)
            self.visitors.changed(host for host in batch if host not in self.failed)
            self.visitors.leave_out(self._lost())
            if self.failed:
                return

    def _batch(self, batch: Sequence[str], stack: ExitStack) -> None:
        with ThreadPoolExecutor(max_workers=len(batch)) as pool:
            futures = [pool.submit(self._change, host, stack) for host in batch]
            try:
                wait(futures)
            except KeyboardInterrupt:
                for change in tuple(self.going.values()):
                    change.stop()
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

    def _end(self, hosts: Sequence[str], *, good: bool) -> Iterator[Ended]:
        """Have all that switched stay, or go back, and yield what became of each machine."""
        keeps = good and not self.failed
        held = {host: change for host, change in self.going.items() if host not in self.failed}
        for change in held.values():
            change.keep() if keeps else change.back()
        for host in hosts:
            yield self._ended(host, held.get(host))
        if not keeps:
            self.visitors.restore()
        with suppress(UserError):
            self.visitors.leave_out(self._lost())

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
