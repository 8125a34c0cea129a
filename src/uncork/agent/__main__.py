"""`python -m uncork.agent --home HOME --run RUN [--log LOG] [--account NAME]`: the agent, as a supervisor starts it."""

import argparse
import codecs
import logging
import os
import signal
import sys
import time
from pathlib import Path
from typing import Final

from uncork.agent.loop import ENDING, Agent
from uncork.agent.privileges import drop
from uncork.alerts import delivery
from uncork.errors import LockedError
from uncork.layout import Layout
from uncork.machine.locks import hold
from uncork.workflows import report

AGAIN: Final = 1.0
CODECS: Final = ("ascii", "latin-1", "utf-8-sig", "idna", "punycode", "unicode_escape", "raw_unicode_escape")
"""Python looks for these when a text needs them first, and then they must be there."""
LOG: Final = logging.getLogger("uncork.agent")


def main(argv: list[str]) -> int:
    """Work until asked to end. All that will be needed is imported first, since the account may not get to it."""
    asked = _asked(argv)
    layout = Layout(asked.home, asked.run, asked.log)
    _begin_log()
    delivery.preload()
    report.preload()
    for name in CODECS:
        codecs.lookup(name)
    if asked.account:
        drop(asked.account)
    os.umask(0o077)
    signal.signal(signal.SIGIO, signal.SIG_IGN)  # see writers.written
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    _work(layout)
    return 0


class _Asked(argparse.Namespace):
    """What the command line says."""

    home: Path
    run: Path
    log: Path | None
    account: str


def _asked(argv: list[str]) -> _Asked:
    parser = argparse.ArgumentParser("uncork.agent", description="Looks after the logs and errors of all apps.")
    parser.add_argument("--home", type=Path, required=True, help="the state directory")
    parser.add_argument("--run", type=Path, required=True, help="its folder for sockets")
    parser.add_argument("--log", type=Path, help="its folder for logs, on a machine set up for serving")
    parser.add_argument("--account", default="", help="whom to become, if started by root")
    return parser.parse_args(argv, _Asked())


def _begin_log() -> None:
    """Say all on standard output; once its reader is gone, a supervisor that was killed, nobody is told."""
    form = logging.Formatter("%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")
    form.converter = time.gmtime
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(form)
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.raiseExceptions = False


def _work(layout: Layout) -> None:
    """Work, once no other agent does for this state directory, until asked to end."""
    try:
        with hold(layout.agent_lock):
            LOG.info("looks after %s, as pid %d", layout.home, os.getpid())
            Agent(layout, LOG).run()
    except LockedError as busy:
        LOG.warning("waits: %s", busy)
        while _is_held(layout):
            if signal.sigtimedwait(ENDING, AGAIN):
                return
        _work(layout)


def _is_held(layout: Layout) -> bool:
    try:
        with hold(layout.agent_lock):
            return False
    except LockedError:
        return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
