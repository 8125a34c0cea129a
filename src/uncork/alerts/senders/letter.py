"""A message as mail: headers that nobody can add to, text, and HTML where there is some."""

import hashlib
import re
from datetime import datetime, timezone
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Final

from uncork.alerts.settings import Settings
from uncork.notices import Message

LONGEST: Final = 200
_UNSEEN: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def letter(message: Message, settings: Settings, name: str, written: float) -> EmailMessage:
    """Return the mail. The same message gives the same one, so that one that came twice can be known by its id."""
    mail = EmailMessage(policy=SMTP)
    sender = _address(settings.sender)
    mail["Subject"] = line(settings.subject_prefix + message.subject)
    mail["From"] = sender
    mail["To"] = [_address(one) for one in settings.admins]
    mail["Date"] = format_datetime(datetime.fromtimestamp(written, timezone.utc))
    mail["Message-ID"] = f"<{hashlib.sha256(f'{name} {written}'.encode()).hexdigest()[:32]}@{_plain(sender.domain)}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence note is to answer it
    mail["X-Uncork"] = message.kind
    mail.set_content(message.text)
    if message.html:
        mail.add_alternative(message.html, subtype="html")
    return mail


def line(text: str) -> str:
    """Return a text as one line of a header, without what would end the line or can't be seen."""
    flat = _UNSEEN.sub(" ", text).strip()
    return flat if len(flat) <= LONGEST else f"{flat[: LONGEST - 3]}..."


def _plain(domain: str) -> str:
    """Return a domain as DNS has it; an id may hold nothing else."""
    try:
        return domain.encode("idna").decode()
    except UnicodeError:
        return "localhost"


def _address(text: str) -> Address:
    """Return an address; one that no header can carry stands for itself with what is odd in it left out."""
    name, spec = parseaddr(line(text))
    user, _, domain = spec.rpartition("@")
    return Address(line(name), user or "uncork", domain or "localhost")
