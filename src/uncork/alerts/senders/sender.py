"""What a sender does, and the ways in which it can fail: one file a sender, one line in the registry."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from uncork.alerts.settings import Settings
from uncork.notices import Message


@dataclass
class SenderError(Exception):
    """Why a message was not sent as it should be: the problem, and what to do."""

    problem: str
    fix: str

    def __str__(self) -> str:
        """Return the problem alone."""
        return self.problem


class Postponed(SenderError):  # noqa: N818 -- it is a state of affairs, no fault of ours
    """Not now: what is wrong may pass by itself, and the message is tried again."""


class Unconfirmed(Postponed):
    """Everything was sent, and no answer came: the message may have been taken, so it is tried a few times only."""


class Refused(SenderError):  # noqa: N818
    """Never: this message is not taken, and is given up."""


class Misconfigured(Refused):
    """No message is taken as things are set up: they wait until somebody has mended that."""


class Partly(SenderError):  # noqa: N818
    """It was sent, but not to everybody."""


class Sender(ABC):
    """Brings messages to people. A contributor's whole job: one file, one class, one line in the registry."""

    name: ClassVar[str]

    @classmethod
    @abstractmethod
    def configured(cls, settings: Settings) -> "Sender | None":
        """Return the sender for these settings; None if they don't ask for it."""

    @property
    @abstractmethod
    def goal(self) -> str:
        """Where messages go, as one tells a person: never with a password in it."""

    @abstractmethod
    def send(self, message: Message, name: str, written: float) -> None:
        """Send a message, or raise one of the errors above; never block for longer than the deadline.

        `name` is the same at every attempt, and no other message's; `written` (epoch seconds) is when it was made.
        """
