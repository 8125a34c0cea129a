"""Leaves the mail settings of the app's own config for the agent, which goes by them where uncork's say nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Final, Optional

KEYS: Final = {
    "server": "MAIL_SERVER",
    "port": "MAIL_PORT",
    "username": "MAIL_USERNAME",
    "password": "MAIL_PASSWORD",
    "use_tls": "MAIL_USE_TLS",
    "use_ssl": "MAIL_USE_SSL",
    "default_sender": "MAIL_DEFAULT_SENDER",
    "admins": "ADMINS",
}
YES: Final = frozenset(("1", "on", "true", "yes"))


def take_over(app: object) -> None:
    """Write what a Flask app's config says of mail to `mail.json` in UNCORK_RUN, for the account that serves.

    Only for an instance that uncork runs, and where the config names a server. The file is whole whenever it is read.
    Its group may read it, since the agent is another user on some machines; the folder lets in nobody else.
    """
    folder, config = os.environ.get("UNCORK_RUN"), getattr(app, "config", None)
    if folder and isinstance(config, Mapping) and config.get("MAIL_SERVER"):
        _write(os.path.join(folder, "mail.json"), json.dumps(settings(config)))


def settings(config: Mapping[str, object]) -> dict[str, object]:
    """The settings by uncork's names, each as the kind of value that it is meant to be, or None."""
    found = {name: config.get(key) for name, key in KEYS.items()}
    return {
        **{name: _text(found[name]) for name in ("server", "username", "password")},
        "port": _number(found["port"]),
        **{name: _switch(found[name]) for name in ("use_tls", "use_ssl")},
        "default_sender": _sender(found["default_sender"]),
        "admins": _addresses(found["admins"]),
    }


def _text(value: object) -> Optional[str]:
    return None if value is None else str(value)


def _number(value: object) -> Optional[int]:
    return int(str(value)) if str(value).isdecimal() else None


def _switch(value: object) -> Optional[bool]:
    """A text comes from an environment variable."""
    return value.strip().lower() in YES if isinstance(value, str) else None if value is None else bool(value)


def _sender(value: object) -> Optional[str]:
    """Flask-Mail takes a pair of a name and an address too."""
    if isinstance(value, (tuple, list)) and len(value) == 2:  # noqa: PLR2004
        from email.utils import formataddr

        return formataddr((str(value[0]), str(value[1])))
    return _text(value)


def _addresses(value: object) -> Optional[list[str]]:
    if isinstance(value, str):
        return [one.strip() for one in value.split(",") if one.strip()]
    return [str(one) for one in value] if isinstance(value, (list, tuple, set, frozenset)) else None


def _write(path: str, text: str) -> None:
    new = f"{path}.{os.getpid()}"
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(new, path)
