"""Runs the command in this process and kills it with -9 before the step of a plan whose number is given first.

With `count` for a number it kills nothing, and writes the steps to the file that KILLED_UP_STEPS names.
"""

import os
import signal
import sys
from pathlib import Path

import uncork.apply
from uncork.cli import main
from uncork.model import Account
from uncork.plan import Step
from uncork.report import Reporter


def killing(at: int | None) -> None:
    """Make `carry_out` end this process before its `at`-th step."""
    carry_out = uncork.apply.carry_out
    seen: list[str] = []

    def counted(step: Step, account: Account | None, report: Reporter) -> None:
        if at == len(seen):
            os.kill(os.getpid(), signal.SIGKILL)
        seen.append(f"{type(step).__name__}: {step.why}")
        if at is None:
            Path(os.environ["KILLED_UP_STEPS"]).write_text("\n".join(seen))
        carry_out(step, account, report)

    uncork.apply.carry_out = counted


if __name__ == "__main__":
    number = sys.argv.pop(1)
    killing(None if number == "count" else int(number))
    main()
