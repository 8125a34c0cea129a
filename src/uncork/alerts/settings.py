"""Whom alerts reach, and how: `[mail]`, and where that is silent what the app's own config says."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from uncork import facts
from uncork.app_layout import AppLayout
from uncork.errors import UserError
from uncork.machine.files import opened
from uncork.model import Instance, Release
from uncork.notices import Mail
from uncork_runtime.env import LINE

Said = TypeVar("Said", str, int, bool)
MOST: Final = 1024**2


@dataclass(frozen=True)
class Settings:
    """What the senders need. An empty `server`, no `admins` or an empty `webhook`: nothing is sent that way.

    `use_tls` and `use_ssl` are None where nobody said; `port` is 0 there.
    """

    server: str = ""
    port: int = 0
    username: str = ""
    password: str = field(default="", repr=False)
    use_tls: bool | None = None
    use_ssl: bool | None = None
    sender: str = ""
    admins: tuple[str, ...] = ()
    subject_prefix: str = ""
    webhook: str = field(default="", repr=False)

    @property
    def digest(self) -> str:
        """What differs when any of it does."""
        values = [getattr(self, one.name) for one in fields(self)]
        return hashlib.sha256(json.dumps(values).encode()).hexdigest()


@dataclass(frozen=True)
class _Own:
    """The mail settings of the app's own config, as a worker wrote them down."""

    server: str | None = None
    port: int | None = None
    username: str | None = None
    password: str | None = None
    use_tls: bool | None = None
    use_ssl: bool | None = None
    default_sender: str | None = None
    admins: tuple[str, ...] | None = None


def read(layout: AppLayout, release: Release, host: str) -> Settings:
    """Return the settings of an app whose live release this is; `host` is this machine's name."""
    return _merged(release, _own(layout, release), _secrets(layout.secrets), host)


def is_quiet(release: Release) -> bool:
    """Return whether its config tells nobody of anything, as that of development and testing does unless it says so."""
    return not release.mail.level and not release.mail.report


def _merged(release: Release, own: _Own, secrets: Mapping[str, str], host: str) -> Settings:
    """Return the settings, key by key: `[mail]`, else the app's; passwords come from `config set` before the app's."""
    mail = release.mail
    username = _either(mail.username, own.username) or ""
    prefix = mail.subject_prefix
    return Settings(
        server=_either(mail.server, own.server) or "",
        port=_either(mail.port, own.port) or 0,
        username=username,
        password=secrets.get("MAIL_PASSWORD") or own.password or "",
        use_tls=_either(mail.use_tls, own.use_tls),
        use_ssl=_either(mail.use_ssl, own.use_ssl),
        sender=_sender(mail, own, username, host),
        admins=_addresses(own.admins or () if mail.admins is None else mail.admins),
        subject_prefix=f"[{release.app}] " if prefix is None else prefix,
        webhook=secrets.get("WEBHOOK_URL") or mail.webhook,
    )


def _either(said: Said | None, own: Said | None) -> Said | None:
    return own if said is None else said


def _sender(mail: Mail, own: _Own, username: str, host: str) -> str:
    said = mail.default_sender or own.default_sender or ""
    return said if "@" in said else username if "@" in username else f"uncork@{host}"


def _addresses(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return what can be mailed to: an app's own list may hold anything."""
    from email.utils import parseaddr

    return tuple(address for text in texts if "@" in (address := parseaddr(text)[1]))


def _own(layout: AppLayout, release: Release) -> _Own:
    """Return what the live instance's workers wrote down; nothing if they did not, or if it can't be read."""
    try:
        live = facts.connected(layout) or Instance(layout.app, release.id)
        return msgspec.json.decode(_bytes(layout.mail(live)), type=_Own)
    except (OSError, UserError, msgspec.MsgspecError):
        return _Own()


def _secrets(path: Path) -> dict[str, str]:
    """Return the values of `config set`; a line that is broken is for `up` to tell of."""
    try:
        lines = os.fsdecode(_bytes(path)).split("\n")
    except OSError:
        return {}
    found = (LINE.fullmatch(line.rstrip("\r")) for line in lines)
    return {match[1]: value for match in found if match and (value := _value(match[2]))}


def _value(text: str) -> str:
    try:
        return str(json.loads(text))
    except ValueError:
        return ""


def _bytes(path: Path) -> bytes:
    with opened(path) as file:
        return file.read(MOST)
