"""The machine's systemd: what it runs of ours, and how it is had start and stop that."""

import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Final

from uncork.errors import StepFailedError, UserError
from uncork.machine import sockets
from uncork.model import Program
from uncork.plan import Units
from uncork.supervisors import units
from uncork.supervisors.supervisor import AGENT

POLL: Final = 0.05
PATIENCE: Final = 30.0
UNKNOWN: Final = 5
"""What systemctl ends with where a unit is not loaded."""
ASKED: Final = "Id,ActiveState,SubState,MainPID,ExecMainStartTimestampMonotonic"
_STATES: Final[Mapping[str, str]] = {
    "active": "RUNNING",
    "reloading": "RUNNING",
    "activating": "STARTING",
    "deactivating": "STOPPING",
    "failed": "FATAL",
}


def programs() -> tuple[Program, ...]:
    """Return what systemd has loaded of ours, each server by its instance's name. Raises UserError if it is not there.

    The states are in supervisord's words.
    """
    offset = time.time() - time.monotonic()
    found = (_program(one, offset) for one in _blocks(_shown("uncork-*.service", ASKED)))
    return tuple(sorted((program for program in found if program), key=lambda program: program.name))


def state(unit: str) -> str:
    """Return the state of one unit, in supervisord's words."""
    return next((_state(one) for one in _blocks(_shown(unit, "Id,ActiveState,SubState"))), "")


def carry_out(step: Units) -> None:
    """Have systemd do it. Raises StepFailedError."""
    match step.verb:
        case "stop" | "kill":
            _end(step)
        case "start" | "restart":
            _read_again(step)
            _begin(step)
        case _:
            _run((step.verb,), step.most, step.why)


def _begin(step: Units) -> None:
    """A start takes as long as the server boots, and fails as whoever asks it finds out."""
    wait = () if step.verb == "restart" else ("--no-block",)
    done = _run((step.verb, *wait, *step.names), step.most, step.why)
    if done.returncode:
        raise StepFailedError(step.why, f"systemctl {step.verb} failed", done.stderr.strip())


def _read_again(step: Units) -> None:
    """Have it read all units again only where one has changed: it finds new ones by itself, and reading takes long."""
    done = _run(("show", "--property=LoadState,NeedDaemonReload", *step.names), PATIENCE, step.why)
    seen = tuple(_blocks(done.stdout))
    if any(one.get("NeedDaemonReload") == "yes" or one.get("LoadState") != "loaded" for one in seen):
        _run(("daemon-reload",), PATIENCE, step.why)


def _end(step: Units) -> None:
    """What has failed, and is to go, would stay in memory until somebody asks it to be forgotten."""
    if step.verb == "kill":
        _run(("stop", "--no-block", *step.names), step.most, step.why)
        _run(("kill", "--signal=KILL", *step.names), step.most, step.why)
    argv = ("systemctl", "--no-ask-password", "stop", *step.names)
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        _wait(process, step)
        told = process.stderr.read() if process.stderr else ""
    if process.returncode not in {0, UNKNOWN}:
        raise StepFailedError(step.why, "systemctl stop failed", told.strip())
    _run(("reset-failed", *step.names), PATIENCE, step.why)


def _wait(process: "subprocess.Popen[str]", step: Units) -> None:
    deadline = time.monotonic() + step.most
    while process.poll() is None:
        if time.monotonic() >= deadline:
            process.kill()
            raise StepFailedError(step.why, f"{', '.join(step.names)} still run after {step.most:g} s")
        if step.stats:
            sockets.read_stats(step.stats)
        with suppress(subprocess.TimeoutExpired):
            process.wait(POLL)


def _run(words: tuple[str, ...], seconds: float, why: str) -> "subprocess.CompletedProcess[str]":
    argv = ("systemctl", "--no-ask-password", *words)
    try:
        return subprocess.run(argv, capture_output=True, text=True, errors="replace", timeout=seconds, check=False)
    except subprocess.TimeoutExpired as error:
        raise StepFailedError(why, f"systemctl {words[0]} did not end in {seconds:g} s") from error
    except OSError as error:
        raise StepFailedError(why, f"systemctl can't be run: {error.strerror}") from error


def _shown(pattern: str, properties: str) -> str:
    try:
        done = _run(("show", f"--property={properties}", pattern), PATIENCE, "ask systemd")
    except StepFailedError as error:
        raise _gone(error.reason) from error
    if done.returncode:
        raise _gone(done.stderr.strip())
    return done.stdout


def _gone(reason: str) -> UserError:
    return UserError(
        f"systemd does not say what runs: {reason}",
        "a machine set up for serving is run by systemd: see `systemctl status`; or name another state directory with "
        "--home",
    )


def _blocks(text: str) -> Iterator[Mapping[str, str]]:
    for block in text.split("\n\n"):
        if block.strip():
            yield dict(line.split("=", 1) for line in block.splitlines() if "=" in line)


def _program(found: Mapping[str, str], offset: float) -> Program | None:
    unit = found.get("Id", "")
    instance = units.instance(unit)
    name = instance.name if instance else AGENT if unit == units.AGENT_UNIT else ""
    since = int(found.get("ExecMainStartTimestampMonotonic") or 0) / 1e6
    pid = int(found.get("MainPID") or 0)
    return Program(name, _state(found), pid, offset + since if since and pid else 0.0) if name else None


def _state(found: Mapping[str, str]) -> str:
    if found.get("SubState") == "auto-restart":
        return "BACKOFF"
    return _STATES.get(found.get("ActiveState", ""), "STOPPED")
