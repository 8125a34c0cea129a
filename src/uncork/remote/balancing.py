"""The balancer of a target, as who deploys tells it which machines are to get requests."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Final

import msgspec

from uncork.errors import UserError
from uncork.fronts.balancer import Balanced
from uncork.machine.certificates import given
from uncork.recipes.paths import own_file
from uncork.remote.destination import name
from uncork.remote.everywhere import called
from uncork.remote.exchange import exchange
from uncork.remote.progress import step
from uncork.remote.rolling import Undirected, Visitors
from uncork.remote.source import Source
from uncork.remote.ssh import Connection
from uncork.report import Reporter
from uncork.serving import THIS_MACHINE, Balancer, Target
from uncork.workflows.balance import Order, Told

PORT: Final = 80
"""Where the front of a machine set up for serving answers, unless the config says otherwise."""
FEW: Final = 4
"""So many machines have few enough sets (14) for nginx to know all of them: one takes 128 KB of its memory."""


@dataclass
class Balancing:
    """A balancer of `hosts`: where those are that `balanced` does not tell of, it knows from before.

    `certificate` is the project's, with its key, where it has one. `stuck` are the machines that were left out before,
    and stay so until they have changed; `told` is what the balancer said last, `said` who is out since then.
    """

    connection: Connection
    hosts: tuple[str, ...]
    balanced: Balanced
    certificate: str = field(default="", repr=False)
    stuck: frozenset[str] = frozenset()
    before: frozenset[str] = field(default=frozenset(), init=False)
    told: Told = field(default=Told((), ()), init=False)
    said: tuple[tuple[int, ...], ...] | None = field(default=None, init=False)

    def begin(self, batches: Sequence[Sequence[str]]) -> None:
        """Learn how it is, and which machines may be out together: to know others, nginx would have to reload.

        Of many machines these are the sets that are out where all goes well.
        """
        told = _say(self.connection, Order(self.balanced.app))
        self.before = self.stuck = frozenset(told.out)
        known = {**dict(told.hosts), **dict(self.balanced.hosts)}
        self.balanced = replace(self.balanced, hosts=tuple((one, known[one]) for one in self.hosts if one in known))
        self.balanced = replace(self.balanced, outs=self._outs(batches))

    def leave_out(self, hosts: Iterable[str]) -> None:
        """Have it send no new requests to these machines, nor to those that are stuck. Raises UserError."""
        out = frozenset(self.stuck | {*hosts})
        numbers = self._numbers((out,))
        if numbers == self.said:
            return
        known = dict.fromkeys((*self.balanced.outs, *numbers))
        self.balanced = replace(self.balanced, outs=tuple(known))
        order = Order(self.balanced.app, self.balanced, tuple(sorted(out)), certificate=self.certificate)
        self.told = _say(self.connection, order)
        self.said = numbers

    @property
    def sources(self) -> tuple[str, ...]:
        """The addresses by which it comes to machines."""
        return self.told.sources

    def certified(self, report: Reporter) -> tuple[str, ...]:
        """Have it get the certificate that is due by now, and return what is worth telling of what it shows."""
        if not self.told.due:
            return self.told.notes
        try:
            with step(report, f"get a certificate for {', '.join(self.balanced.names)}"):
                return _say(self.connection, Order(self.balanced.app, certify=True)).notes
        except UserError as error:
            return (f"whether the balancer has its certificate is not known: {error.problem}: {error.fix}",)

    def changed(self, hosts: Iterable[str]) -> None:
        """Know that these machines are as they should be."""
        self.stuck -= {*hosts}

    def restore(self) -> None:
        """Know that all machines are as they were."""
        self.stuck = self.before

    def _outs(self, batches: Sequence[Sequence[str]]) -> tuple[tuple[int, ...], ...]:
        count = len(self.balanced.hosts)
        if count > FEW:
            return self._numbers(_sets(self.stuck, batches))
        return tuple(out for size in range(1, count) for out in combinations(range(count), size))

    def _numbers(self, sets: Iterable[frozenset[str]]) -> tuple[tuple[int, ...], ...]:
        """Return sets of machines by their numbers, less those that would leave nobody in."""
        names = [name for name, _ in self.balanced.hosts]
        numbers = (tuple(n for n, name in enumerate(names) if name in one) for one in sets)
        return tuple(out for out in dict.fromkeys(numbers) if 0 < len(out) < len(names))


@dataclass
class Standing(Undirected):
    """A balancer as a deploy has left it; its site stays as it is.

    Who was out before stays out, since nobody knows what it serves: a deploy alone makes it the same as the others.
    """

    connection: Connection
    app: str
    stuck: frozenset[str]
    said: frozenset[str]

    def leave_out(self, hosts: Iterable[str]) -> None:
        """Have it send no new requests to these machines, nor to those that are stuck. Raises UserError."""
        out = self.stuck | {*hosts}
        if out != self.said:
            _say(self.connection, Order(self.app, out=tuple(sorted(out))))
            self.said = out


def standing(connection: Connection, app: str, report: Reporter) -> Visitors:
    """Return the balancer of an app as it is; nobody leads visitors where no deploy has made one."""
    told = _say(connection, Order(app))
    for host in told.out:
        report.note(f"the balancer sends nothing to {host} until a deploy to it is done")
    return Standing(connection, app, frozenset(told.out), frozenset(told.out)) if told.hosts else Undirected()


def _say(connection: Connection, order: Order) -> Told:
    """Tell a balancer what is wanted, and return what it tells."""
    with exchange(connection, called(connection, ("-t", THIS_MACHINE, "--json", "balance"))) as talk:
        talk.say(msgspec.json.encode(order), b"\n")
        return msgspec.convert(talk.answer("balancer"), Told)


def balancing(there: Mapping[str, Connection], target: Target, source: Source) -> Balancing:
    """Return the balancer of a target; `there` are connections to its machine, and to those that are to change.

    Raises UsageError where the project has a certificate that won't do.
    """
    wanted, config = target.balancer or Balancer(""), source.found.config
    reached = {host: _address(there[host]) for host in target.hosts if host in there and not wanted.addresses}
    addresses = dict(zip(target.hosts, wanted.addresses, strict=False)) or reached
    balanced = Balanced(
        app=config.name,
        port=wanted.port,
        names=wanted.domains or config.domains or there[wanted.host].names[:1],
        hosts=tuple((host, _with_port(one, config.port or PORT)) for host, one in addresses.items()),
        least_connections=wanted.balance == "least-connections",
        timeout=max([config.request_timeout, *(rule.timeout or 0.0 for rule in config.front.paths)]),
        tls=config.tls,
    )
    return Balancing(there[wanted.host], target.hosts, balanced, _certificate(source, balanced.names))


def _certificate(source: Source, names: tuple[str, ...]) -> str:
    """Return the certificate of a project with its key; empty where it has none, or names files of the balancer's."""
    tls = source.found.config.tls
    if not any(own_file(file) for file in (tls.cert, tls.key) if file):
        return ""
    root = source.found.tree.root
    return given(root / tls.cert, root / tls.key, names)


def _address(connection: Connection) -> str:
    """Return the address of a machine, as SSH came to it."""
    said = connection.run(("sh", "-c", 'echo "$SSH_CONNECTION"'), root=False).out.split()
    address = said[2] if len(said) == 4 else name(connection.host)  # noqa: PLR2004 -- sshd(8): client and server
    return f"[{address}]" if ":" in address else address


def _with_port(address: str, port: int) -> str:
    return address if re.search(r"[^:]:\d+$", address) and not address.endswith("]") else f"{address}:{port}"


def remove(connection: Connection, app: str) -> None:
    """Take the balancer of an app away. Raises UserError."""
    _say(connection, Order(app, remove=True))


def _sets(stuck: frozenset[str], batches: Sequence[Sequence[str]]) -> Iterator[frozenset[str]]:
    """Yield the machines that are out together, one after the other, where all goes well."""
    for batch in batches:
        yield stuck
        yield stuck | {*batch}
        stuck -= {*batch}
