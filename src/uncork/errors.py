"""What goes wrong in a way that a user can mend: the problem, the fix, and the exit code."""

from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """What the process says when it ends; the same for every verb."""

    OK = 0
    ERROR = 1
    USAGE = 2
    REFUSED = 3
    LOCKED = 4
    NOT_RUNNING = 5


@dataclass
class UserError(Exception):
    """Something a user can mend: `problem` says what and where, `fix` what to do, `detail` is shown as it is."""

    problem: str
    fix: str
    detail: str = ""

    code = ExitCode.ERROR

    def __str__(self) -> str:
        """Return the problem alone."""
        return self.problem


class UsageError(UserError):
    """The command line, the config or the project can't be acted on; nothing was changed."""

    code = ExitCode.USAGE


@dataclass
class RefusedError(UserError):
    """The new release was refused; what served before serves still. `release` is the number that it would have had."""

    release: int | None = None

    code = ExitCode.REFUSED


class LockedError(UserError):
    """Another deploy of this app is under way."""

    code = ExitCode.LOCKED


def unsayable(value: str, where: str, what: str, fix: str = "choose another name or path") -> UsageError:
    """Return what is told of a value that a config can't carry: `where` is whose config, `what` the value has in it."""
    shown = value if len(value) <= 200 else f"{value[:200]}..."  # noqa: PLR2004 -- enough to know it by
    return UsageError(f"{where} can't carry {shown!r}: it has {what}", fix)


class StepFailedError(Exception):
    """A step of a plan failed: why it was done, what happened, and what was printed. Workflows say what it means."""

    def __init__(self, why: str, reason: str, output: str = "") -> None:
        super().__init__(f"{why}: {reason}")
        self.why = why
        self.reason = reason
        self.output = output
