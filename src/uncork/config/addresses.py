"""The kinds of values that lead to people and machines: host names, mail addresses, URLs."""

import re
from typing import Final

from uncork.config.values import Kind, ValueRefusedError, host_name, shown, text_of

_LOCAL: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_NAMED: Final = re.compile(r"(?P<name>[^<>]*\S)\s*<(?P<address>[^<>]*)>")
_PORT: Final = re.compile(r"(?P<host>[^:/\[\]]+):(?P<port>\d{1,5})")
_URL: Final = re.compile(
    r"https?://(?P<user>[^/?#]*@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s/?#:@]+)(:\d{1,5})?([/?][!-~]*)?"
)
_LONGEST: Final = 254  # RFC 5321, section 4.5.3.1.3, without the brackets


def _read_host(value: object) -> str:
    what = "the name or the IP address of a mail server"
    text = text_of(value, what, '"smtp.example.com"')
    if with_port := _PORT.fullmatch(text):
        fix = f'write server = "{with_port["host"]}" and port = {int(with_port["port"])}'
        raise ValueRefusedError(f"is {shown(text)}, but it must be {what} alone", fix)
    host = _address(text) or host_name(text)
    if not host:
        raise ValueRefusedError(f"is {shown(text)}, but it must be {what}", 'write, for example, "smtp.example.com"')
    return host


def _address(text: str) -> str:
    import ipaddress

    try:
        return str(ipaddress.ip_address("" if "%" in text else text))
    except ValueError:
        return ""


def _read_admins(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        raise ValueRefusedError(f"is {shown(value)}, but it must be a list of addresses", f'write ["{value}"]')
    if not isinstance(value, list):
        fix = 'write, for example, ["admin@example.com"]'
        raise ValueRefusedError(f"is {shown(value)}, but it must be a list of addresses", fix)
    return tuple(dict.fromkeys(_admin(item) for item in value))


_ALONE: Final = 'a mail address alone, such as "admin@example.com"'


def _admin(value: object) -> str:
    text = text_of(value, _ALONE, '"admin@example.com"')
    if not _is_mail(text):
        raise ValueRefusedError(f"holds {shown(text)}, but each must be {_ALONE}", f'write "{_address_in(text)}"')
    return text


def _read_email(value: object) -> str:
    text = text_of(value, _ALONE, '"admin@example.com"')
    if not _is_mail(text):
        raise ValueRefusedError(f"is {shown(text)}, but it must be {_ALONE}", f'write "{_address_in(text)}"')
    return text


def _address_in(text: str) -> str:
    named = _NAMED.fullmatch(text)
    return named["address"] if named and _is_mail(named["address"]) else "admin@example.com"


def _read_sender(value: object) -> str:
    what = 'a mail address, such as "shop@example.com" or "The Shop <shop@example.com>"'
    text = text_of(value, what, '"shop@example.com"')
    named = _NAMED.fullmatch(text)
    if not _is_mail(named["address"] if named else text):
        raise ValueRefusedError(f"is {shown(text)}, but it must be {what}", 'write, for example, "shop@example.com"')
    return text


def _is_mail(text: str) -> bool:
    local, _, domain = text.rpartition("@")
    return len(text) <= _LONGEST and bool(_LOCAL.fullmatch(local)) and bool(host_name(domain))


def _read_url(value: object) -> str:
    what = 'a URL, such as "https://hooks.example.com/errors"'
    text = text_of(value, what, '"https://hooks.example.com/errors"')
    found = _URL.fullmatch(text)
    if found and found["user"]:
        raise ValueRefusedError(
            "holds a user or a password, which don't belong in a file that is committed",
            "take `webhook` out, and tell uncork the whole URL: uncork config set WEBHOOK_URL=...",
        )
    if not found:
        fix = 'write, for example, "https://hooks.example.com/errors"; a secret URL: uncork config set WEBHOOK_URL=...'
        raise ValueRefusedError(f"is {shown(text)}, but it must be {what}", fix)
    return text


HOST: Final = Kind("the name or the IP address of a mail server", _read_host)
ADMINS: Final = Kind("a list of mail addresses", _read_admins)
EMAIL: Final = Kind("a mail address alone", _read_email)
SENDER: Final = Kind("a mail address, with or without a name before it", _read_sender)
URL: Final = Kind("a URL that begins with `https://` or `http://`", _read_url)
