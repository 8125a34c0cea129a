"""What `[front]` holds: what stands before the app's server, whom it passes requests to, and what holds for paths."""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final
from urllib.parse import unquote

from uncork.config.keys import Key
from uncork.config.rows import rows
from uncork.config.tables import Conflict
from uncork.config.text import Table
from uncork.config.values import (
    PATH,
    SWITCH,
    Kind,
    ValueRefusedError,
    choice,
    duration,
    host_name,
    number,
    shown,
    size,
    text_of,
)
from uncork.serving import LOCAL, FrontSettings, PathRule, Upstream

FRONTS: Final = ("nginx", "system-nginx", "apache", "none")
_ADDRESS: Final = re.compile(r"(?P<host>[^:/\[\]]+|\[[0-9a-fA-F:.]+\]):(?P<port>\d{1,5})")
_PORTS: Final = range(1, 65536)


def settings(values: Table) -> FrontSettings:
    """Return what holds where the config says these (checked) values."""
    return replace(FrontSettings(), **values)  # type: ignore[arg-type]


def conflicts(values: Table) -> Iterator[Conflict]:
    """Yield what can't stand together."""
    upstreams = values.get("upstreams", ())
    for key, of, name in (("upstreams", upstreams, "address"), ("paths", values.get("paths", ()), "path")):
        said = [getattr(row, name) for row in of] if isinstance(of, tuple) else []
        twice = sorted({value for value in said if said.count(value) > 1})
        if twice:
            yield Conflict((key,), f"`{key}` names {twice[0]} twice", "keep one of the two")
    if isinstance(upstreams, tuple) and _local(upstreams) and all(one.backup for one in upstreams):
        fix = "let one of them be no backup"
        yield Conflict(("upstreams",), "`upstreams` are all backups, so that nobody answers at first", fix)


def _local(upstreams: tuple[Upstream, ...]) -> bool:
    """Whether the release on this machine is named; else it is one of them, and no backup."""
    return any(one.address == LOCAL for one in upstreams)


def _read_upstream(value: object) -> str:
    what = f'"{LOCAL}", the release on this machine, or an address such as "10.0.0.2:8001" or "unix:/run/shop.sock"'
    text = text_of(value, what, '"10.0.0.2:8001"')
    found = _ADDRESS.fullmatch(text)
    tcp = found and int(found["port"]) in _PORTS and (_is_ipv6(found["host"]) or host_name(found["host"]))
    if not (text == LOCAL or tcp or re.fullmatch(r"unix:/[!-~]{1,100}", text)):
        raise ValueRefusedError(f"is {shown(text)}, but it must be {what}", 'write, for example, "10.0.0.2:8001"')
    return text


def _is_ipv6(host: str) -> bool:
    try:
        return bool(ipaddress.IPv6Address(host.removeprefix("[").removesuffix("]")))
    except ValueError:
        return False


_NETWORKS: Final = "a list of addresses or networks"


def _read_networks(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueRefusedError(f"is {shown(value)}, but it must be {_NETWORKS}", 'write, for example, ["10.0.0.0/8"]')
    return tuple(dict.fromkeys(network(item) for item in value))


def _read_allowed(value: object) -> tuple[str, ...]:
    found = _read_networks(value)
    if not found:
        problem = "is empty, which could mean that nobody may come, or that everybody may"
        raise ValueRefusedError(problem, 'name who may come, for example ["10.0.0.0/8"], or take it out')
    return found


def network(value: object) -> str:
    """Return an address or a network (CIDR) as it is usually written. Raises ValueRefusedError."""
    try:
        text = str(ipaddress.ip_network(text_of(value, "an address or a network", '"10.0.0.0/8"'), strict=False))
    except ValueError:
        problem = f"holds {shown(value)}, but each must be an address or a network"
        raise ValueRefusedError(problem, 'write, for example, "10.0.0.0/8"') from None
    return text.removesuffix("/32").removesuffix("/128")


def _read_path(value: object) -> str:
    """What the front goes by has no query, and no `.`, `..` or empty segment: such a rule would never hold."""
    path = str(PATH.read(value))
    segments = unquote(path).split("/")[1:]
    if "?" in path or "#" in path or any(segment in {".", ".."} for segment in segments) or "" in segments[:-1]:
        problem = f"is {shown(path)}, but it must be a path alone, with no `?`, `#`, `.`, `..` or `//`"
        raise ValueRefusedError(problem, 'write, for example, "/reports"')
    return path


_FILE: Final = "a path of an htpasswd file, relative to the project"


def _read_passwords(value: object) -> str:
    text = text_of(value, _FILE, '"staff.htpasswd"')
    if not text:
        raise ValueRefusedError(f"is empty, but it must be {_FILE}", 'write, for example, "staff.htpasswd"')
    return text


UPSTREAM_KEYS: Final = (
    Key(
        "address",
        f"`{LOCAL}`, the release on this machine, or another server of the app: it must speak what this one speaks.",
        Kind("an address", _read_upstream),
        '"10.0.0.2:8001"',
    ),
    Key("weight", "How many requests it gets for each one of those of weight 1.", number(1, 1000), "2", "1"),
    Key("backup", "Whether it is asked only when no other answers.", SWITCH, "true", "false"),
)
PATH_KEYS: Final = (
    Key("path", "What the URLs begin with, below the app's mount.", Kind(PATH.what, _read_path), '"/reports"'),
    Key(
        "timeout",
        "How long a request may take there; the server's own `request_timeout` is raised to the longest of them.",
        duration(1.0),
        '"10m"',
    ),
    Key("max_body", "How large a request's body may be there.", size(1, "1"), '"1G"'),
    Key("cache", "Whether the front keeps responses there.", SWITCH, "false"),
    Key(
        "allow",
        "Who may come, by address or network; everybody else is told 403.",
        Kind(_NETWORKS, _read_allowed),
        '["10.0.0.0/8"]',
    ),
    Key(
        "basic_auth",
        "The file of those who may come by name and password (`htpasswd`), relative to the project.",
        Kind(_FILE, _read_passwords),
        '"staff.htpasswd"',
    ),
)
KEYS: Final = (
    Key(
        "kind",
        'What stands before the server; `front = "apache"` is short for it. Without it: what stands before the '
        "other apps of the state directory, since they share one; for the only app, what suits its server.",
        choice(*FRONTS),
        '"system-nginx"',
    ),
    Key(
        "balance",
        "How requests are shared out among `upstreams`.",
        choice("round-robin", "least-connections"),
        '"least-connections"',
        '"round-robin"',
    ),
    Key(
        "upstreams",
        f"Who answers the app's requests. The release on this machine is one of them, named (`{LOCAL}`) or not.",
        rows(
            UPSTREAM_KEYS,
            "address",
            lambda row: Upstream(**row),  # type: ignore[arg-type]
        ),
        '[{ address = "10.0.0.2:8001", weight = 2 }]',
    ),
    Key(
        "paths",
        "What holds for some of the app's URLs in place of what holds for all.",
        rows(
            PATH_KEYS,
            "path",
            lambda row: PathRule(**row),  # type: ignore[arg-type]
        ),
        '[{ path = "/reports", timeout = "10m" }]',
    ),
    Key(
        "trusted_proxies",
        "The proxies in front of this one, by address or network: what they say in X-Forwarded-For and "
        "X-Forwarded-Proto of who visits, and by which scheme, is believed. Nobody else is.",
        Kind(_NETWORKS, _read_networks),
        '["10.0.0.5"]',
        "[]",
    ),
)
