"""A deploy to all machines of a target, or another change of them, with visitors led around those that change."""

import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace

from uncork.errors import UserError
from uncork.recipes.balancer import check
from uncork.remote.balancing import Balancing, balancing, standing
from uncork.remote.deploy import deploy_to, held
from uncork.remote.destination import name
from uncork.remote.everywhere import at_once
from uncork.remote.rolling import Change, Rolled, Rollout, Undirected, batches
from uncork.remote.server import brought
from uncork.remote.source import Source
from uncork.remote.ssh import Connection, connect
from uncork.report import Reporter
from uncork.serving import Balancer, Target
from uncork.workflows.receive import Order


@dataclass(frozen=True)
class Manner:
    """How a deploy goes to several machines: after the first so many at once, or all of them (`parallel`).

    `upgrade`: machines with another uncork are brought to ours first.
    """

    size: int = 1
    parallel: bool = False
    upgrade: bool = True
    accept_new: bool = False


def deploy_to_all(
    hosts: Sequence[str], target: Target | None, source: Source, manner: Manner, report: Reporter
) -> Rolled:
    """Deploy to machines, and return what became of each. Raises UserError where no machine was changed."""
    balancer = target.balancer if target else None
    if balancer:
        check(source.found.config, balancer)
    needed = _needed(hosts, balancer)
    there = _connected(needed, manner, "--only")
    one_at_a_time = threading.Lock()

    def bring(host: str) -> None:
        brought(there[host], _Told(report, name(host), one_at_a_time), upgrade=manner.upgrade)

    list(at_once(needed, bring))
    order = (tuple(hosts),) if manner.parallel else batches(hosts, manner.size)
    led = balancing(there, target, source) if target and balancer else None
    if led:
        led.begin(order)
    going = _Going(there, source, report, led, one_at_a_time)
    rolled = Rollout(going.begin, led or Undirected()).roll(order)
    return replace(rolled, notes=led.certified(report)) if led and rolled.whole else rolled


@dataclass(frozen=True)
class Verb:
    """A verb that machines hold: how their uncork is called, what it reads first, and the app that it changes."""

    words: tuple[str, ...]
    app: str | None = None
    said: bytes = b""


def change_all(hosts: Sequence[str], verb: Verb, manner: Manner, report: Reporter, balancer: Balancer | None) -> Rolled:
    """Have machines carry out a verb, and return what became of each, as `deploy_to_all` does."""
    there = _connected(_needed(hosts, balancer), manner, "--host")
    one_at_a_time = threading.Lock()

    def begin(host: str) -> AbstractContextManager[Change]:
        return held(there[host], verb.words, verb.said, _Told(report, name(host), one_at_a_time))

    visitors = standing(there[balancer.host], verb.app, report) if balancer and verb.app else Undirected()
    return Rollout(begin, visitors).roll(batches(hosts, manner.size))


def _needed(hosts: Sequence[str], balancer: Balancer | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*hosts, *((balancer.host,) if balancer else ()))))


def _connected(hosts: Sequence[str], manner: Manner, option: str) -> Mapping[str, Connection]:
    """Return connections to all machines. Raises UserError if one can't be reached: nothing was changed then.

    By `option` some machines are named, and no others.
    """

    def reach(host: str) -> Connection | UserError:
        try:
            return connect(host, accept_new=manner.accept_new)
        except UserError as error:
            return error

    # Where ssh may ask its user something, one machine after the other does.
    found = [reach(host) for host in hosts] if sys.stdin.isatty() else list(at_once(hosts, reach))
    for error in found:
        if isinstance(error, UserError):
            others = f"; `{option} HOST` goes to the others alone" if len(hosts) > 1 else ""
            raise type(error)(error.problem, f"{error.fix}{others}", error.detail)
    return {one.host: one for one in found if isinstance(one, Connection)}


@dataclass(frozen=True)
class _Going:
    """What a deploy to each of the machines needs."""

    there: Mapping[str, Connection]
    source: Source
    report: Reporter
    led: Balancing | None
    one_at_a_time: threading.Lock

    @contextmanager
    def begin(self, host: str) -> Iterator[Change]:
        """Deploy to a machine, which holds the release once visitors are on it."""
        told = _Told(self.report, name(host), self.one_at_a_time)
        with deploy_to(self.there[host], self.source, told, hold=True, order=self._order(host)) as going:
            yield going

    def _order(self, host: str) -> Order:
        """Return what a machine is asked for: behind a balancer it answers to that one's names, and believes it."""
        if self.led is None:
            return self.source.order(self.there[host].names)
        return replace(self.source.order(self.led.balanced.names[:1]), trusted=self.led.sources)


class _Told:
    """Tells what is done on a machine, with its name; several are told of at once, so only what is done is told."""

    def __init__(self, onward: Reporter, whose: str, one_at_a_time: threading.Lock) -> None:
        self._onward = onward
        self._whose = whose
        self._lock = one_at_a_time

    def begin(self, why: str) -> None:
        """Say nothing: it would be in the middle of what is told of another."""

    def end(self, why: str, seconds: float) -> None:
        """Tell what was done."""
        with self._lock:
            self._onward.end(f"{self._whose}: {why}" if why else why, seconds)

    def note(self, text: str) -> None:
        """Pass it on."""
        with self._lock:
            self._onward.note(f"{self._whose}: {text}")
