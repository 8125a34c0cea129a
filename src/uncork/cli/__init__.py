"""The command line: one file a verb, imported when it is called; here they come together, and every error ends."""

import gc
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from types import FrameType
from typing import Final, NoReturn

import click

from uncork.cli.failure import BROKEN_PIPE, Answer, explain, tell
from uncork.cli.options import asks_nothing, by_option, wants
from uncork.cli.streams import unread
from uncork.cli.words import WORDS
from uncork.errors import ExitCode
from uncork_runtime import cores

VERBS: Final = (
    "up",
    "deploy",
    "scale",
    "status",
    "logs",
    "errors",
    "alerts",
    "report",
    "releases",
    "audit",
    "rollback",
    "restart",
    "stop",
    "start",
    "maintenance",
    "cache",
    "renew",
    "down",
    "destroy",
    "plan",
    "run",
    "shell",
    "config",
    "lock",
    "adopt",
    "render",
    "server",
    "version",
)
HIDDEN: Final = ("balance", "offer", "receive")
"""What another machine's uncork calls; no person does."""
GARBAGE: Final = 50_000
"""Objects after which some of them may be garbage: next to none of what is imported is, and looking takes a tenth."""


class Verbs(click.Group):
    """The verbs. Each is the `command` of the module of its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        """Return the verbs in the order in which one needs them."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return a verb, imported now."""
        if cmd_name not in VERBS + HIDDEN:
            return None
        found = import_module(f"uncork.cli.{cmd_name}").command
        return found if isinstance(found, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the verb that was typed, and what follows it; for a verb that is none, raise with the nearest."""
        if args[0] not in VERBS + HIDDEN and not args[0].startswith("-"):
            import difflib

            nearest = difflib.get_close_matches(args[0], VERBS, n=1)
            meant = f"; did you mean {nearest[0]}?" if nearest else ""
            raise click.UsageError(f"{args[0]!r} is no verb{meant}", ctx)
        ctx.meta[WORDS] = tuple(args)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """Return what the verb does, BROKEN_PIPE where its reader has left: click itself would end with 1."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            return BROKEN_PIPE


@click.group(cls=Verbs, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@asks_nothing
@by_option
@click.pass_context
def verbs(context: click.Context) -> None:
    """Take a Flask (or any WSGI) project from `flask run` to production, and keep it there."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help(), err=True)
        context.exit(ExitCode.USAGE)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line (without the program's name), and return its exit code; every error has been told."""
    words = list(sys.argv[1:] if argv is None else argv)
    answer = Answer(json=wants(words, "--json"), debug=wants(words, "--debug"))
    gc.set_threshold(GARBAGE)
    _settle()
    for stream in (sys.stdout, sys.stderr):
        # A value that is no UTF-8 goes out as it came in.
        stream.reconfigure(errors="surrogateescape")  # type: ignore[union-attr]
    sys.stderr = unread(sys.stderr)
    try:
        with cores.one_left():  # visitors are answered beside whatever we do
            code = verbs.main(words, "uncork", standalone_mode=False)
            sys.stdout.flush()
    except BrokenPipeError:
        code = BROKEN_PIPE
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 -- the end of every error
        return tell(explain(error, answer), answer)
    return tell(None, answer) if code == BROKEN_PIPE else int(code or ExitCode.OK)


def _settle() -> None:
    """Make a lost terminal and a polite kill end as Ctrl-C does, with all taken back; and files readable to servers."""
    os.umask(0o022)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001 -- signal's signature
    raise KeyboardInterrupt
