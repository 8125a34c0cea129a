"""`uncork receive`: the end of a deploy that is on the machine; another uncork calls it, over SSH."""

import os
import sys
from collections.abc import Mapping

import click

from uncork.cli.failure import Answer, explain
from uncork.cli.options import Asked, Goes, asks
from uncork.errors import ExitCode


@click.command("receive", hidden=True)
@asks(app=False, goes=Goes.HERE)
def command(asked: Asked) -> int:
    """Deploy what comes on the standard input, and tell how it goes as lines of JSON."""
    from uncork.workflows.receive import receive

    with os.fdopen(sys.stdin.fileno(), "rb", closefd=False) as come:
        return receive(asked.layout, come, sys.stdout.buffer, told)


def told(error: BaseException) -> Mapping[str, object]:
    """Return what is told of an error, as JSON has it."""
    failure = explain(error, Answer())
    if failure is None:
        return {"problem": str(error), "fix": "", "code": int(ExitCode.ERROR)}
    return {"problem": failure.problem, "fix": failure.fix, "detail": failure.detail, "code": failure.code}
