"""How errors end: as a few lines for people or as one JSON object, and as an exit code."""

import errno
import os
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import click

from uncork.cli.output import emit, styled
from uncork.errors import ExitCode, StepFailedError, UserError

INTERRUPTED: Final = 130  # 128 + SIGINT, as shells say it
BROKEN_PIPE: Final = 141  # 128 + SIGPIPE
EXIT_CODES: Final = {
    int(ExitCode.OK): "It is done.",
    int(ExitCode.ERROR): "Something went wrong that has no code of its own; the message says what.",
    int(ExitCode.USAGE): "The command line, the config or the project can't be acted on; nothing was changed.",
    int(ExitCode.REFUSED): "The new release was refused; what served before, if anything, serves still.",
    int(ExitCode.LOCKED): "Another uncork is changing the same app; the message names its pid.",
    int(ExitCode.NOT_RUNNING): "`status` only: something that should run does not.",
    INTERRUPTED: "It was interrupted (Ctrl-C).",
    BROKEN_PIPE: "Who read the output left before its end.",
}
"""What each exit status says. `run` and `shell` end with that of what they ran."""

_DISK: Final = {errno.ENOSPC: "free some space on that disk", errno.EDQUOT: "free some space: your quota is used up"}


@dataclass(frozen=True)
class Answer:
    """How an error is to be told: as JSON, and with the traceback of one that nobody expected."""

    json: bool = False
    debug: bool = False


@dataclass(frozen=True)
class Failure:
    """An error as it is told. `usage` is the line that shows how the verb is called."""

    problem: str
    fix: str
    code: int
    detail: str = ""
    usage: str = ""


def explain(error: BaseException, answer: Answer) -> Failure | None:
    """Return how an error is told; None for one that the user made happen by leaving."""
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return Failure("interrupted", "run it again: what was half done is finished or taken back then", INTERRUPTED)
    if isinstance(error, click.ClickException):
        return _usage(error)
    if isinstance(error, UserError):
        return Failure(error.problem, error.fix, int(error.code), error.detail)
    if isinstance(error, StepFailedError):
        fix = "mend what it says, and run the command again"
        return Failure(f"could not {error.why}: {error.reason}", fix, int(ExitCode.ERROR), error.output)
    if isinstance(error, OSError) and error.errno in {*_DISK, errno.EACCES, errno.EPERM, errno.EROFS}:
        return _denied(error)
    return _unexpected(error, answer)


def explained(error: BaseException) -> Mapping[str, object]:
    """Return what is told of an error, as JSON has it."""
    told = explain(error, Answer()) or Failure(str(error), "", int(ExitCode.ERROR))
    return {"problem": told.problem, "fix": told.fix, "detail": told.detail, "code": told.code}


def tell(failure: Failure | None, answer: Answer) -> int:
    """Tell a failure, and return the exit code; None is a reader of ours that has left, and is told nothing."""
    if failure is None:
        # Python would complain when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    if answer.json:
        told = {"problem": failure.problem, "fix": failure.fix, "code": failure.code}
        emit({"error": {**told, "detail": failure.detail} if failure.detail else told})
        return failure.code
    blocks = [
        failure.usage,
        f"{styled('error:', fg='red', bold=True)} {failure.problem}",
        failure.detail.rstrip("\n"),
        f"{styled('fix:', bold=True)} {failure.fix}",
    ]
    click.echo("\n".join(block for block in blocks if block), err=True)
    return failure.code


def _usage(error: click.ClickException) -> Failure:
    context = error.ctx if isinstance(error, click.UsageError) else None
    path = context.command_path if context else "uncork"
    usage = context.get_usage() if context else ""
    problem = error.format_message()
    if context and problem == context.get_help():  # a group without a command: click 8.2 calls its help an error
        problem = f"a command is missing after `{path}`"
    return Failure(problem, f"see `{path} --help`", int(ExitCode.USAGE), usage=usage)


def _denied(error: OSError) -> Failure:
    where = f": {error.filename}" if error.filename else ""
    fix = _DISK.get(error.errno or 0, "run this as the user who owns it, or use another state directory with --home")
    return Failure(f"{error.strerror}{where}", fix, int(ExitCode.ERROR))


def _unexpected(error: BaseException, answer: Answer) -> Failure:
    if answer.debug or os.environ.get("UNCORK_DEBUG"):
        traceback.print_exception(error)
    text = f"this should not have happened: {type(error).__name__}: {error}"
    return Failure(text, "run it again with --debug to see where, and report what it prints", int(ExitCode.ERROR))
