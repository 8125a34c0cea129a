"""What `[mail]` holds: by which server mails leave, whom they reach, and how often."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from uncork.config.addresses import ADMINS, HOST, SENDER, URL
from uncork.config.keys import Key
from uncork.config.logging import LEVELS
from uncork.config.tables import Conflict
from uncork.config.text import Table
from uncork.config.values import SWITCH, Kind, ValueRefusedError, choice, duration, number, shown, text_of
from uncork.notices import Mail

OFF: Final = "off"
QUIET: Final = ("development", "testing")
"""The environments that send nothing unless their config says so."""
PASSWORD: Final = ValueRefusedError(
    "a password doesn't belong in a file that is committed",
    "take it out, and tell uncork alone: uncork config set MAIL_PASSWORD=...",
)
_TIME: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_IMPLICIT_TLS: Final = 465  # RFC 8314, section 3.3
_WEEK: Final = 7 * 86_400.0


def settings(values: Table, environment: str) -> Mail:
    """Return what holds in an environment whose config says these (checked) values."""
    defaults = Mail(level="", report="") if environment in QUIET else Mail()
    return replace(defaults, **values)  # type: ignore[arg-type]


def conflicts(values: Table) -> Iterator[Conflict]:
    """Yield what can't stand together."""
    if not values.get("use_tls"):
        return
    if values.get("use_ssl"):
        yield Conflict(
            ("use_ssl", "use_tls"),
            "`use_tls` and `use_ssl` can't both be true: TLS begins with the connection (`use_ssl`, port 465), or on "
            "it (`use_tls`, STARTTLS, port 587)",
            "keep the one that the mail server speaks; with its port neither needs saying",
        )
    elif values.get("port") == _IMPLICIT_TLS:
        yield Conflict(
            ("use_tls", "port"),
            "`use_tls` is STARTTLS, which port 465 does not speak: there TLS begins with the connection",
            "write `use_ssl = true` in its place, or take it out; or write `port = 587`",
        )


def _read_level(value: object) -> str:
    level = str(_LEVEL_OR_OFF.read(value))
    return "" if level == OFF else level


def _read_report(value: object) -> str:
    what = 'a time of day such as "07:00", or "off"'
    if value == OFF:
        return ""
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise ValueRefusedError(f"is {shown(value)}, but it must be {what}", 'write, for example, "07:00"')
    return f"{int(found[1]):02}:{found[2]}"


def _text(what: str, example: str) -> Kind:
    return Kind(what, lambda value: text_of(value, what, example))


_LEVEL_OR_OFF: Final = choice(*LEVELS, OFF)

KEYS: Final = (
    Key("server", "The mail server. Without it: the app's own `MAIL_SERVER`.", HOST, '"smtp.example.com"'),
    Key(
        "port",
        "The mail server's port; 465 speaks TLS from the first byte (`use_ssl`), 587 by STARTTLS (`use_tls`). Without "
        "it: the app's own `MAIL_PORT`.",
        number(1, 65535),
        "587",
    ),
    Key(
        "username",
        "The name to log in by. Its password is set by `uncork config set MAIL_PASSWORD=...`. Without it: the app's "
        "own `MAIL_USERNAME`.",
        _text("a user's name", '"shop@example.com"'),
        '"shop@example.com"',
    ),
    Key(
        "use_tls",
        "Whether the connection is encrypted by STARTTLS. Without it: the app's own `MAIL_USE_TLS`, else by the port.",
        SWITCH,
        "true",
    ),
    Key(
        "use_ssl",
        "Whether TLS begins with the connection. Without it: the app's own `MAIL_USE_SSL`, else by the port.",
        SWITCH,
        "true",
    ),
    Key(
        "default_sender",
        "Whom the mails are from. Without it: the app's own `MAIL_DEFAULT_SENDER`.",
        SENDER,
        '"The Shop <shop@example.com>"',
    ),
    Key("admins", "Whom the mails go to. Without it: the app's own `ADMINS`.", ADMINS, '["admin@example.com"]'),
    Key(
        "subject_prefix",
        "What each subject begins with. Without it: the app's name in brackets.",
        _text("a text of one line", '"[shop] "'),
        '"[shop] "',
    ),
    Key(
        "level",
        'The least level of a record that is kept as an error and mailed; `"off"`: none is.',
        Kind(_LEVEL_OR_OFF.what, _read_level),
        '"CRITICAL"',
        '"ERROR"',
        tuple((name, '"off"') for name in QUIET),
    ),
    Key(
        "digest_after",
        "How long the repetitions of an error are counted before a first mail tells of them.",
        duration(1.0, _WEEK, '"10m"'),
        '"5m"',
        '"10m"',
    ),
    Key(
        "digest_every",
        "How long they are counted from one such mail to the next.",
        duration(1.0, _WEEK, '"1h"'),
        '"6h"',
        '"1h"',
    ),
    Key(
        "most",
        "How many mails about new errors leave in `digest_after`; what is past that is in the next digest.",
        number(1, 1000),
        "5",
        "10",
    ),
    Key(
        "report",
        'The time of day of the daily status report, by the machine\'s clock; `"off"`: none is sent. None is where '
        "there are no admins.",
        Kind('a time of day such as `"07:00"`, or `"off"`', _read_report),
        '"18:30"',
        '"07:00"',
        tuple((name, '"off"') for name in QUIET),
    ),
    Key(
        "webhook",
        "Where each message is sent too, as JSON by POST. A URL that is itself a secret, as those of chats are, is set "
        "by `uncork config set WEBHOOK_URL=...` instead.",
        URL,
        '"https://hooks.example.com/errors"',
    ),
)
