"""How progress is told while a plan is carried out; the CLI prints it, tests collect it."""

from typing import Protocol, runtime_checkable


class Reporter(Protocol):
    """Hears what is done, as it happens."""

    def begin(self, why: str) -> None:
        """A step has begun; `why` is its verb phrase."""

    def end(self, why: str, seconds: float) -> None:
        """The step is done, and took that many seconds."""

    def note(self, text: str) -> None:
        """Something worth a line that is no step."""


@runtime_checkable
class Meter(Protocol):
    """Shows how far a step has got: a reporter that a person looks on to may be one."""

    def so_far(self, text: str) -> None:
        """The step that goes on has got there."""


class Seconds:
    """A reporter that adds up the seconds of each step, and passes all on to another."""

    def __init__(self, onward: Reporter) -> None:
        self.seconds: dict[str, float] = {}
        self._onward = onward

    def begin(self, why: str) -> None:
        """Pass it on."""
        self._onward.begin(why)

    def end(self, why: str, seconds: float) -> None:
        """Add the seconds up, and pass it on."""
        self.seconds[why] = round(self.seconds.get(why, 0.0) + seconds, 4)
        self._onward.end(why, seconds)

    def note(self, text: str) -> None:
        """Pass it on."""
        self._onward.note(text)


class Silent:
    """A reporter that tells nobody."""

    def begin(self, why: str) -> None:
        """Say nothing."""

    def end(self, why: str, seconds: float) -> None:
        """Say nothing."""

    def note(self, text: str) -> None:
        """Say nothing."""
