"""Commands, run to their end: as whom they should, for no longer than they may, and never outliving us."""

import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypedDict

from uncork.errors import StepFailedError
from uncork.machine import files
from uncork.model import Account
from uncork.plan import Run
from uncork_runtime import cores

KEPT: Final = 4 * 1024 * 1024
TOLD: Final = 64 * 1024
CHUNK: Final = 64 * 1024
POLL: Final = 0.05
PR_SET_PDEATHSIG: Final = 1  # prctl(2)
INHERITED: Final = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ")
DEFAULT_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class _Identity(TypedDict, total=False):
    """What subprocess needs to run as somebody else."""

    user: int
    group: int
    extra_groups: tuple[int, ...]


def run(step: Run, account: Account | None) -> str:
    """Run a command and return its standard output (the last 4 MB). Raises StepFailedError, with what it printed."""
    since = files.size(step.log) if step.log else 0
    process = _start(step, account)
    try:
        output, ended = _collect(process, time.monotonic() + step.timeout)
    finally:
        _end_group(process)
    shown = output.shown() or (files.tail(step.log, since, TOLD) if step.log else "")
    if not ended:
        raise StepFailedError(step.why, f"{_name(step)} did not end in {step.timeout:g} s", shown)
    if process.returncode:
        raise StepFailedError(step.why, f"{_name(step)}: {_outcome(process.returncode)}", shown)
    return output.out.decode("utf-8", "replace")


def _start(step: Run, account: Account | None) -> "subprocess.Popen[bytes]":
    identity: _Identity = {}
    if step.serving and account:
        identity = {"user": account.uid, "group": account.gid, "extra_groups": ()}
    try:
        return subprocess.Popen(
            step.argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=step.directory,
            env=_environment(step, account),
            start_new_session=True,
            preexec_fn=_begin(step),  # noqa: PLW1509 -- it takes no lock that a thread of ours might hold
            **identity,
        )
    except OSError as error:
        raise StepFailedError(step.why, _not_started(step, error)) from error


def _not_started(step: Run, error: OSError) -> str:
    """Popen names the folder in the error if the folder is what is wrong, else the command."""
    if step.directory and error.filename == step.directory:
        return f"the folder {step.directory} can't be entered: {error.strerror}"
    if isinstance(error, FileNotFoundError):
        return f"the command {step.argv[0]} was not found"
    return f"the command {step.argv[0]} can't be run: {error.strerror}"


def _environment(step: Run, account: Account | None) -> dict[str, str]:
    """Who serves requests must not see what root, or whoever deploys, has in the environment."""
    if not step.serving:
        return {**os.environ, **dict(step.env)}
    kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
    home = os.environ.get("HOME", "/")
    if account:
        home = str(step.directory or Path("/"))
        kept |= {"USER": account.name, "LOGNAME": account.name}
    return {"PATH": DEFAULT_PATH, **kept, "HOME": home, **dict(step.env)}


def _begin(step: Run) -> Callable[[], None] | None:
    """Return what a child calls to be killed when we are: so a killed deploy leaves no installer running.

    It is called after the change of user, which would undo it (prctl(2)); the library is loaded before the fork. Who
    stays has all the cores, whatever a deploy leaves to visitors.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def begin() -> None:
        if step.stays:
            cores.take_all()
        prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return begin


class _Output:
    """The last bytes of what a command printed."""

    def __init__(self) -> None:
        self.out = bytearray()
        self.err = bytearray()

    def shown(self) -> str:
        """Return what explains a failure: the errors, or the output if there are none."""
        return bytes(self.err.strip() or self.out.strip())[-TOLD:].decode("utf-8", "replace")


def _collect(process: "subprocess.Popen[bytes]", deadline: float) -> tuple[_Output, bool]:
    """Read until the command has ended, though a child of its own may keep the pipes open; False if it did not."""
    output = _Output()
    with selectors.DefaultSelector() as selector:
        for pipe, kept in ((process.stdout, output.out), (process.stderr, output.err)):
            if pipe:
                os.set_blocking(pipe.fileno(), False)
                selector.register(pipe, selectors.EVENT_READ, kept)
        while selector.get_map() and time.monotonic() < deadline:
            ended = process.poll() is not None
            ready = selector.select(0 if ended else min(POLL, max(0.0, deadline - time.monotonic())))
            for key, _ in ready:
                if not _read(key.fd, key.data):
                    selector.unregister(key.fileobj)
            if ended and not ready:
                break
    for pipe in (process.stdout, process.stderr):
        if pipe:
            pipe.close()
    return output, _ended(process, deadline)


def _read(descriptor: int, kept: bytearray) -> bool:
    """Return whether there may be more."""
    chunk = os.read(descriptor, CHUNK)
    kept += chunk
    del kept[:-KEPT]
    return bool(chunk)


def _ended(process: "subprocess.Popen[bytes]", deadline: float) -> bool:
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return False
    return True


def _end_group(process: "subprocess.Popen[bytes]") -> None:
    """Kill what still runs of a command that did not end by itself, with all of its children."""
    if process.poll() is not None:
        return
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        process.kill()
    process.wait()


def _name(step: Run) -> str:
    return Path(step.argv[0]).name


def _outcome(returncode: int) -> str:
    if returncode > 0:
        return f"exit status {returncode}"
    try:
        return f"killed by {signal.Signals(-returncode).name}"
    except ValueError:
        return f"killed by signal {-returncode}"
