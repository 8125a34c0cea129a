"""What `[targets.NAME]` holds beside keys of the config: the machines a deploy goes to, and in which order."""

import re
from collections.abc import Iterator
from typing import Final

from uncork.config.keys import Key
from uncork.config.tables import Conflict
from uncork.config.text import Table
from uncork.config.values import DOMAINS, ENVIRONMENT, Kind, ValueRefusedError, choice, number, shown, text_of
from uncork.serving import THIS_MACHINE, Balancer, Target

# What OpenSSH takes as a destination: a name of its config, a host name or an address, or a URL with a port.
_HOST: Final = re.compile(
    r"(?:[A-Za-z_][A-Za-z0-9_.-]*@)?[A-Za-z0-9][A-Za-z0-9._:-]*"
    r"|ssh://(?:[A-Za-z_][A-Za-z0-9_.-]*@)?(?:[A-Za-z0-9][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?"
)
_WITH_PORT: Final = re.compile(r"(?P<name>[^:]+):(?P<port>\d{1,5})")
_OF_HOSTS: Final = ("batch", "wheels", "balancer")


def settings(name: str, values: Table) -> Target:
    """Return the target of that name whose table says these (checked) values."""
    own = {key: values[key] for key in ("hosts", "batch", "wheels") if key in values}
    balancer = values.get("balancer")
    of_it = Balancer(**balancer) if isinstance(balancer, dict) and "host" in balancer else None
    return Target(name, balancer=of_it, **own)  # type: ignore[arg-type]


def conflicts(name: str, own: Table) -> Iterator[Conflict]:
    """Yield what can't stand together in the table of that target."""
    here = name == THIS_MACHINE
    if here and "hosts" in own:
        yield Conflict(("hosts",), "`local` is this machine, and has no hosts", "give the target another name")
    for key in _OF_HOSTS:
        if key in own and "hosts" not in own:
            yield Conflict((key,), f"`{key}` is for targets with `hosts`", f"name the hosts, or take `{key}` out")
    balancer = own.get("balancer")
    if isinstance(balancer, dict):
        yield from _beside(balancer, own)
        yield from _addressed(balancer, own)


def _addressed(balancer: Table, own: Table) -> Iterator[Conflict]:
    """Yield that a balancer has not one address for each host."""
    addresses, hosts = balancer.get("addresses", ()), own.get("hosts", ())
    if isinstance(addresses, tuple) and isinstance(hosts, tuple) and addresses and len(addresses) != len(hosts):
        problem = f"`balancer.addresses` are {len(addresses)}, and there are {len(hosts)} `hosts`"
        yield Conflict(("balancer",), problem, "name one for each host, in the same order")


def _beside(balancer: Table, own: Table) -> Iterator[Conflict]:
    """Yield that a balancer would be on the port of one of the hosts, on the same machine."""
    hosts, port = own.get("hosts", ()), balancer.get("port", 80)
    if isinstance(hosts, tuple) and balancer.get("host") in hosts and port == own.get("port", 80):
        problem = f"the balancer and a host would both listen on port {port} of {balancer['host']}"
        yield Conflict(("balancer",), problem, "give the balancer another `port`, or a machine of its own")


def balancer_conflicts(own: Table) -> Iterator[Conflict]:
    """Yield what a table of a balancer lacks."""
    if own and "host" not in own:
        yield Conflict(tuple(own), "the balancer has no `host`", 'name its machine, for example host = "deploy@lb1"')


def host(value: object) -> str:
    """Return a machine as OpenSSH is told of it. Raises ValueRefusedError."""
    what = 'a machine as `ssh` takes it, such as "deploy@web1.example.com"'
    text = text_of(value, what, '"deploy@web1.example.com"')
    ported = _WITH_PORT.fullmatch(text)
    if ported:
        raise ValueRefusedError(f"holds {shown(text)}, but a port is said in a URL", f'write "ssh://{text}"')
    if not _HOST.fullmatch(text):
        raise ValueRefusedError(f"holds {shown(text)}, but it must be {what}", 'write, for example, "deploy@web1"')
    return text


def _read_hosts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        problem = f"is {shown(value)}, but it must be a list of machines"
        raise ValueRefusedError(problem, 'write, for example, ["deploy@web1.example.com"]')
    hosts = [host(item) for item in value]
    twice = sorted({one for one in hosts if hosts.count(one) > 1})
    if twice:
        raise ValueRefusedError(f"names {twice[0]} twice", "keep one of the two")
    return tuple(hosts)


_ADDRESS: Final = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?")


def _read_addresses(value: object) -> tuple[str, ...]:
    example = '["10.0.0.1", "10.0.0.2:8080"]'
    texts = value if isinstance(value, list) else [None]
    for text in texts:
        if not isinstance(text, str) or not _ADDRESS.fullmatch(text):
            problem = f"is {shown(value)}, but it must be a list of addresses, with or without a port"
            raise ValueRefusedError(problem, f"write, for example, {example}")
    return tuple(texts)


KEYS: Final = (
    Key(
        "hosts",
        "The machines that a deploy goes to, as `ssh` takes them: a name of its config, `user@host`, or "
        "`ssh://user@host:port`. The first is the canary: the others change when it serves the new release.",
        Kind("a list of machines", _read_hosts),
        '["deploy@web1", "deploy@web2"]',
    ),
    Key(
        "environment",
        "The environment that is deployed there. Its values lie over those that hold always, and those of the target "
        "over both.",
        ENVIRONMENT,
        '"staging"',
        '"production"',
    ),
    Key(
        "batch",
        "How many hosts change at once, after the first.",
        number(1, 1000),
        "2",
        "1",
    ),
    Key(
        "wheels",
        'Where the machines get packages from: from the package index (`"index"`), or from the computer that deploys '
        '(`"send"`), for machines that reach none.',
        choice("index", "send"),
        '"send"',
        '"index"',
    ),
)
BALANCER_KEYS: Final = (
    Key(
        "host",
        "The machine whose nginx shares requests out among the hosts. It is set up as they are.",
        Kind("a machine as `ssh` takes it", host),
        '"deploy@lb1"',
    ),
    Key("port", "The port that it listens on.", number(1, 65535), "8080", "80"),
    Key(
        "domains",
        "The host names that it answers to. Without it: the app's `domains`; where there are none, whatever name one "
        "comes by.",
        DOMAINS,
        '["shop.example.com"]',
    ),
    Key(
        "addresses",
        "By what it reaches the hosts, in their order. Without it: by what SSH reaches them, at the app's `port`.",
        Kind("a list of addresses, with or without a port", _read_addresses),
        '["10.0.0.1", "10.0.0.2:8080"]',
    ),
    Key(
        "balance",
        "How requests are shared out among the hosts.",
        choice("round-robin", "least-connections"),
        '"least-connections"',
        '"round-robin"',
    ),
)
