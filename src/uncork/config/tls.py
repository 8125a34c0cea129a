"""What `[tls]` holds: the certificate by which the front answers HTTPS."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from uncork.config.keys import Key
from uncork.config.tables import Conflict
from uncork.config.text import Table
from uncork.config.values import SWITCH, Kind, choice, duration, number, text_of
from uncork.serving import Tls

FILES: Final = "files"
_TWO_YEARS: Final = 730 * 86_400.0


def settings(values: Table) -> Tls:
    """Return what holds where the config says these (checked) values."""
    kind = values.get("kind", FILES if "cert" in values else "off")
    return replace(Tls(), **{**values, "kind": kind})  # type: ignore[arg-type]


def conflicts(values: Table) -> Iterator[Conflict]:
    """Yield what can't stand together."""
    named = [key for key in ("cert", "key") if key in values]
    if len(named) == 1:
        other = "key" if named == ["cert"] else "cert"
        yield Conflict((named[0],), f"`{named[0]}` needs `{other}` beside it", f"name the file of the {other} too")
    if named and "kind" in values:
        yield Conflict(("kind", *named), "`kind` stands for a certificate of uncork's own making", "take `kind` out")


def _file(what: str, example: str) -> Kind:
    return Kind(what, lambda value: text_of(value, what, example))


KEYS: Final = (
    Key(
        "kind",
        'A certificate of a local CA, which uncork makes once; `tls = "self-signed"` is short for it.',
        choice("off", "self-signed"),
        '"self-signed"',
        '"off"',
    ),
    Key(
        "cert",
        "The file of the certificate and those between it and its CA (PEM), relative to the project.",
        _file("a path", '"/etc/ssl/shop.pem"'),
        '"/etc/ssl/shop.pem"',
    ),
    Key(
        "key",
        "The file of the certificate's private key (PEM), relative to the project.",
        _file("a path", '"/etc/ssl/private/shop.key"'),
        '"/etc/ssl/private/shop.key"',
    ),
    Key(
        "port",
        "The port for HTTPS, the same for all apps of a state directory. Without it: 443 beside port 80, else 8443.",
        number(1, 65535),
        "8443",
    ),
    Key("redirect", "Whether visitors who come by HTTP are sent to HTTPS.", SWITCH, "false", "true"),
    Key(
        "hsts",
        "For how long browsers are told to come by HTTPS alone (Strict-Transport-Security). Without it: not told.",
        duration(0.0, _TWO_YEARS, '"180d"'),
        '"180d"',
    ),
)
