"""What `[tls]` holds: the certificate by which the front answers HTTPS."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from uncork.config.addresses import EMAIL, URL
from uncork.config.keys import Key
from uncork.config.tables import Conflict
from uncork.config.text import Table
from uncork.config.values import SWITCH, Kind, ValueRefusedError, choice, duration, number, shown, text_of
from uncork.serving import ACME, Tls

FILES: Final = "files"
_OF_ACME: Final = ("email", "server", "staging")
_TWO_YEARS: Final = 730 * 86_400.0


def settings(values: Table) -> Tls:
    """Return what holds where the config says these (checked) values."""
    implied = FILES if "cert" in values else ACME if any(values.get(key) for key in _OF_ACME) else "off"
    return replace(Tls(), **{**values, "kind": values.get("kind", implied)})  # type: ignore[arg-type]


def conflicts(values: Table) -> Iterator[Conflict]:
    """Yield what can't stand together."""
    named = [key for key in ("cert", "key") if key in values]
    if len(named) == 1:
        other = "key" if named == ["cert"] else "cert"
        yield Conflict((named[0],), f"`{named[0]}` needs `{other}` beside it", f"name the file of the {other} too")
    if named and "kind" in values:
        yield Conflict(("kind", *named), "`kind` stands for a certificate that uncork makes or gets", "take `kind` out")
    yield from _of_acme(values, named)


def lacking(values: Table) -> Conflict | None:
    """Return what means nothing without a certificate, where nobody says that there is to be none."""
    key = next((key for key in ("hsts", "redirect", "port") if key in values), None)
    if key is None or "kind" in values or settings(values).kind != "off":
        return None
    fix = (
        'write `kind = "self-signed"` or `kind = "acme"` beside it, or name a certificate with `cert` and `key`; '
        '`kind = "off"` is for none'
    )
    return Conflict((key,), f"`{key}` is for HTTPS, and [tls] says of no certificate where it comes from", fix)


def _of_acme(values: Table, named: Sequence[str]) -> Iterator[Conflict]:
    about = [key for key in _OF_ACME if key in values]
    if about and (named or values.get("kind", ACME) != ACME):
        problem = f"`{about[0]}` is for a CA that gives certificates by ACME"
        yield Conflict((about[0], "kind"), problem, f'write `kind = "acme"`, or take `{about[0]}` out')
    if "server" in values and values.get("staging"):
        yield Conflict(("staging", "server"), "`staging` stands for a server of Let's Encrypt's", "keep one of the two")


def _file(what: str, example: str) -> Kind:
    return Kind(what, lambda value: text_of(value, what, example))


def _read_server(value: object) -> str:
    url = str(URL.read(value))
    if not url.startswith("https://"):
        raise ValueRefusedError(f"is {shown(url)}, but a CA is asked by HTTPS alone", "write https:// before it")
    return url


KEYS: Final = (
    Key(
        "kind",
        'Where the certificate comes from: `"self-signed"` is one of a local CA, which uncork makes once; `"acme"` one '
        "of Let's Encrypt or another CA that gives them by itself, on a machine set up for serving. "
        '`tls = "acme"` is short for it.',
        choice("off", "self-signed", ACME),
        '"acme"',
        '"off"',
    ),
    Key(
        "email",
        "For `acme`: the address that the account at the CA is registered with. Without it: none.",
        EMAIL,
        '"admin@example.com"',
    ),
    Key(
        "server",
        "For `acme`: the URL of the CA's directory. Without it: that of Let's Encrypt.",
        Kind("a URL that begins with `https://`", _read_server),
        '"https://ca.example.com/acme/directory"',
    ),
    Key(
        "staging",
        "For `acme`: whether Let's Encrypt's staging server is asked, whose certificates nobody trusts: for trying.",
        SWITCH,
        "true",
        "false",
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
        "The port for HTTPS, the same for all apps of a state directory, or the balancer's. Without it: 443 beside "
        "port 80, else 8443.",
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
