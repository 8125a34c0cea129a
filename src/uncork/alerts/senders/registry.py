"""The senders there are: mail, and a webhook."""

from uncork.alerts.senders.sender import Sender
from uncork.alerts.senders.smtp import Smtp
from uncork.alerts.senders.webhook import Webhook
from uncork.alerts.settings import Settings

SENDERS: tuple[type[Sender], ...] = (Smtp, Webhook)


def configured(settings: Settings) -> tuple[Sender, ...]:
    """Return the senders that the settings ask for."""
    return tuple(sender for kind in SENDERS if (sender := kind.configured(settings)))
