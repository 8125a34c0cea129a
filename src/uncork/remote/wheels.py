"""What a release's environment is made of, locked and got here, for machines that reach no package index."""

import json
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec

from uncork.apply import apply
from uncork.errors import StepFailedError, UserError
from uncork.machine import downloads, files, tools
from uncork.machine.locks import hold_waiting
from uncork.model import Interpreter, Locked
from uncork.plan import Directory, Plan, Step
from uncork.recipes.platform import Platform
from uncork.recipes.wheels import LIST, Wheel, chosen, list_steps
from uncork.remote import hands
from uncork.remote.everywhere import called
from uncork.remote.exchange import exchange
from uncork.remote.progress import step
from uncork.remote.ssh import Connection
from uncork.remote.transfer import items, send
from uncork.report import Reporter
from uncork.servers import SERVERS
from uncork.workflows.environment import Needs, digest_of, lock
from uncork.workflows.offer import Offer
from uncork.workflows.up import Found

AT_ONCE: Final = 8
"""Downloads that go on beside each other."""
PATIENCE: Final = 900.0
_OFFER: Final = msgspec.json.Decoder(Offer)
"""Made by the one thread that imports it: msgspec 0.22 crashes where several are the first to read a dataclass."""


def offered(connection: Connection, found: Found) -> Offer:
    """Return what the machine has for a release of the project. Raises UsageError where no Python there will do."""
    config = found.config
    asked = ("--app", config.name, "--python", found.project.requires_python, "--server", config.server.kind)
    with exchange(connection, called(connection, ("--json", "offer", *asked))) as talk:
        return _OFFER.decode(json.dumps(next(talk.lines())))


def send_wheels(connection: Connection, found: Found, report: Reporter) -> Locked:
    """Return what the machine is to make the release's environment of, once it has all wheels that this takes.

    The lock is for the machine's own Python and platform. Raises UsageError where no Python there will do, or where
    something has no wheel for it, and UserError where something can't be had.
    """
    there = offered(connection, found)
    platform = Platform(there.python.version, there.machine, there.libc).wheels
    made = _locked(found, replace(there.python, platform=platform), report)
    locked = replace(made, python=there.python)
    if digest_of(locked, found.tree, Path(there.venvs))[:16] not in there.environments:
        wheels = _listed(found, made, connection.host, report)
        _deliver(connection, wheels, there.wheels, report)
    return locked


def _locked(found: Found, python: Interpreter, report: Reporter) -> Locked:
    """Lock here what is to run there; what was locked before is in this user's cache."""
    config, locks = found.config, downloads.cache() / "locks"
    needs = Needs(found.tree, found.tree.root, found.project.dependencies, SERVERS[config.server.kind], config.server)
    _carry_out((Directory(locks),), report)
    with hold_waiting(locks / ".lock", PATIENCE):
        return lock(lambda *steps: _carry_out(steps, report), needs, python, locks)


def _listed(found: Found, locked: Locked, host: str, report: Reporter) -> tuple[Wheel, ...]:
    text = locked.project + locked.server
    with tempfile.TemporaryDirectory(prefix="uncork-") as made:
        folder = Path(made)
        _carry_out(list_steps(text, locked.python, tools.uv(), found.tree.root, folder), report)
        return chosen(files.read(folder / LIST), text, host)


def _deliver(connection: Connection, wheels: Sequence[Wheel], to: str, report: Reporter) -> None:
    """Get the wheels that are not in the cache yet, and send those that the machine lacks."""
    with step(report, "get its packages"), ThreadPoolExecutor(AT_ONCE) as several:
        paths = tuple(several.map(lambda wheel: downloads.fetch(wheel.name, wheel.where, wheel.sha256), wheels))
    with step(report, f"send its packages to {connection.host}"):
        hands.carry_out(connection, Directory(Path(to), 0o700))  # a package may be no other app's business
        sent = send(connection, [item for path in paths for item in items(path.parent, (path.name,))], to, pack=False)
    if sent.files:
        report.note(f"{connection.host} had {len(wheels) - sent.files} of {len(wheels)} packages, and got the others")


def _carry_out(steps: Iterable[Step], report: Reporter) -> None:
    try:
        apply(Plan(tuple(steps)), None, report)
    except StepFailedError as error:
        fix = "mend what is named, or give this computer a way to the package index, and run it again"
        raise UserError(f"could not {error.why}: {error.reason}", fix, error.output) from error
