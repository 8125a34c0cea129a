"""SSH as its user has it: their OpenSSH, its config, agent and known hosts; one connection that all commands share."""

import getpass
import hashlib
import os
import re
import shlex
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from uncork.errors import UsageError, UserError
from uncork.remote.destination import destination, name, visited
from uncork.remote.refusal import refusal
from uncork_runtime import cores

COMMAND: Final = "UNCORK_SSH"
"""What is run in place of `ssh`, as a shell would read it: `ssh -F other.config`, say."""

UNCORK: Final = "/opt/uncork/current/bin/uncork"
FAILED: Final = 255  # ssh(1): what it ends with when it is ssh that failed
CONNECT_TIME: Final = 10
ANSWER_TIME: Final = 14.0
"""What a connection may take all in all, where nobody is asked anything."""
AGAIN_TIME: Final = 3.5
"""What a process of this computer may take to answer, and a machine that did just now."""
LONGEST_FOLDER: Final = 40  # of the 107 bytes of a unix socket's path; ssh adds 17 to ours while it binds it
GREETING: Final = "uncork-connected"
HELLO: Final = f'echo {GREETING} "$(id -u)" "$(id -un)" "${{SSH_CONNECTION%% *}}"'
OPTIONS: Final = (
    "ForwardAgent=no",
    "ForwardX11=no",
    "ClearAllForwardings=yes",
    "RemoteCommand=none",
    f"ConnectTimeout={CONNECT_TIME}",
    "ServerAliveInterval=3",
    "ServerAliveCountMax=3",
)
HANGS: Final = "note: {host}: the ssh that shares its connection does not answer (stopped?), and is left alone\n"
LATER: Final = ("BatchMode=yes", "ControlMaster=no", "StrictHostKeyChecking=yes")
"""For all but the first command: nobody is asked anything any more."""


@dataclass(frozen=True)
class Answered:
    """How a command on a machine ended: its exit status, and what it wrote."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Connection:
    """A machine that has let us in: `host` as it was said, and what it takes for us, `address`; `root`: we are root.

    `user` is who we are there.
    """

    host: str
    root: bool
    address: str
    argv: tuple[str, ...]
    user: str = ""

    @property
    def by(self) -> str:
        """Who we are, for whoever reads what was done there: USER@CLIENT,ADDRESS."""
        return f"{getpass.getuser()}@{socket.gethostname()},{self.address}"

    @property
    def names(self) -> tuple[str, ...]:
        """What visitors may call it, the likeliest first: a name that the ssh config alone knows leads nobody there."""
        said = name(self.host)
        real = re.search(r"^hostname (\S+)$", _told((*self.argv[:-2], "-G", *self.argv[-2:])), re.MULTILINE)
        found = (said, real[1]) if real else (said,)
        return tuple(dict.fromkeys(map(visited, found if "." in said else reversed(found))))

    def uncork(self, *words: str) -> tuple[str, ...]:
        """Return what runs a verb of the machine's own uncork."""
        return (UNCORK, "--by", self.by, *words)

    def run(self, argv: tuple[str, ...], *, root: bool = True, stdin: bytes = b"", timeout: float = 60.0) -> Answered:
        """Run a command to its end, as root if so said. Raises UserError if the connection or the time is over."""
        try:
            done = subprocess.run(
                self._line(argv, root), input=stdin, capture_output=True, timeout=timeout, check=False
            )
        except subprocess.TimeoutExpired as slow:
            raise self._lost(f"{Path(argv[0]).name} did not end in {timeout:g} s", slow.stderr or b"") from None
        if done.returncode == FAILED:
            raise self._lost("the connection was lost", done.stderr)
        return Answered(done.returncode, _verbatim(done.stdout), _verbatim(done.stderr))

    def stream(self, argv: tuple[str, ...], *, root: bool = True) -> "subprocess.Popen[bytes]":
        """Start a command whose three streams are pipes of ours; it ends with 255 if the connection is lost."""
        pipe = subprocess.PIPE
        # In a session of its own: Ctrl-C is for us, who may have something to say to the command then.
        return subprocess.Popen(self._line(argv, root), stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)

    def terminal(self, argv: tuple[str, ...], *, root: bool = True) -> int:
        """Run a command on our own terminal, or whatever our streams are, and return its exit status."""
        # Else ssh says at the end that the shared connection is closed, which is not.
        there = ("-t", *_options("LogLevel=ERROR")) if sys.stdin.isatty() and sys.stdout.isatty() else ("-T",)
        return subprocess.call(self._line(argv, root, there))

    def _line(
        self,
        argv: tuple[str, ...],
        root: bool,  # noqa: FBT001
        terminal: tuple[str, ...] = ("-T",),
    ) -> tuple[str, ...]:
        return (*self.argv[:-2], *terminal, *self.argv[-2:], shlex.join(self._rights(argv) if root else argv))

    def _rights(self, argv: tuple[str, ...]) -> tuple[str, ...]:
        return argv if self.root else ("sudo", "-n", "--", *argv)

    def _lost(self, what: str, said: bytes) -> UserError:
        return UserError(f"{self.host}: {what}", "see that the machine is up, and run this again", _text(said))


def connect(host: str, *, accept_new: bool = False) -> Connection:
    """Return a connection to `[USER@]HOST[:PORT]`, or whatever name the user's ssh config has for it.

    One of the last minute is used again. On a terminal ssh itself shows the fingerprint of a machine that it doesn't
    know, and asks; else it is refused, or taken for good with `accept_new`. Raises UsageError.
    """
    command = _command()
    cores.take_all()  # the visitors are elsewhere
    there, begun = ("--", destination(host)), time.monotonic()
    known = None
    try:
        ssh = _sharing(command)
        known = _again(host, ssh, there)
    except subprocess.TimeoutExpired:
        sys.stderr.write(HANGS.format(host=host))
        ssh = _sharing(command, str(os.getpid()))
    return known or _anew(host, ssh, there, ANSWER_TIME - (time.monotonic() - begun), accept_new=accept_new)


def _command() -> tuple[str, ...]:
    argv = tuple(shlex.split(os.environ.get(COMMAND, ""))) or ("ssh",)
    if not shutil.which(argv[0]):
        raise UsageError(f"the command {argv[0]} was not found", "install OpenSSH's client (openssh-client)")
    return argv


def _sharing(command: tuple[str, ...], whose: str = "") -> tuple[str, ...]:
    """Return ssh with the connections that it shares: those of another config are others, as those are of `whose`."""
    other = hashlib.sha256(shlex.join((*command, str(Path.home()), whose)).encode()).hexdigest()[:8]
    return (*command, *_options(*OPTIONS, f"ControlPath={_folder()}/{other}%C"))


def _told(argv: tuple[str, ...]) -> str:
    """Return what ssh says of its config; nothing where that has it run something that does not end."""
    try:
        done = subprocess.run(argv, capture_output=True, check=False, timeout=AGAIN_TIME)
    except subprocess.TimeoutExpired:
        return ""
    return _text(done.stdout)


def _options(*options: str) -> tuple[str, ...]:
    return tuple(word for option in options for word in ("-o", option))


def _again(host: str, ssh: tuple[str, ...], there: tuple[str, ...]) -> Connection | None:
    """Use what a command before has left, unless the network went away under it: others finish, but no more come.

    Raises TimeoutExpired if it does not answer, as one that was stopped: whoever asks it anything would wait for good.
    """
    if _asked_of_shared("check", ssh, there):
        return None
    argv = (*ssh, *_options(*LATER), *there)
    try:
        asked = subprocess.run(
            (*argv, _hello()), capture_output=True, timeout=AGAIN_TIME, check=False, stdin=subprocess.DEVNULL
        )
        found = _connection(host, argv, asked.stdout)
    except subprocess.TimeoutExpired:
        found = None
    if not found:
        _asked_of_shared("stop", ssh, there)
    return found


def _asked_of_shared(word: str, ssh: tuple[str, ...], there: tuple[str, ...]) -> int:
    """Ask the process that keeps a connection for something, and return ssh's exit status. Raises TimeoutExpired."""
    argv = (*ssh, "-O", word, *there)
    return subprocess.run(argv, capture_output=True, check=False, timeout=AGAIN_TIME).returncode


def _anew(host: str, ssh: tuple[str, ...], there: tuple[str, ...], most: float, *, accept_new: bool) -> Connection:
    asks = sys.stdin.isatty() and sys.stderr.isatty()
    known = "accept-new" if accept_new else "ask" if asks else "yes"
    batch = _options(f"BatchMode={'no' if asks else 'yes'}", f"StrictHostKeyChecking={known}")
    argv = (*ssh, *batch, *_options("ControlMaster=auto", "ControlPersist=60"), "-T", *there, _hello())
    # What stays in the background may keep our standard error open (OpenSSH before 8.5), so it is a file.
    with tempfile.TemporaryFile() as errors:
        code, out = _asked(argv, errors.fileno(), None if asks else most, host)
        errors.seek(0)
        said = _text(errors.read())
    found = _connection(host, (*ssh, *_options(*LATER), *there), out)
    if code or not found:
        raise refusal(host, said, code == FAILED)
    return found


def _asked(argv: tuple[str, ...], errors: int, seconds: float | None, host: str) -> tuple[int, bytes]:
    try:
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise UsageError(
            f"{host} did not let us in within {ANSWER_TIME:g} s", f"see what holds it up: `{argv[0]} -v {host}`"
        ) from None
    return done.returncode, done.stdout


def _hello() -> str:
    return shlex.join(("sh", "-c", HELLO))


def _connection(host: str, argv: tuple[str, ...], greeting: bytes) -> Connection | None:
    """Other lines are what the user's own shell says when it starts."""
    for line in _text(greeting).splitlines():
        words = line.split(" ")
        if words[0] == GREETING and len(words) == 4:  # noqa: PLR2004 -- the words of HELLO
            return Connection(host, words[1] == "0", words[3], argv, words[2])
    return None


def _folder() -> Path:
    """Return where the shared connections are: nobody else may get to them, since they let in whoever does."""
    own = os.environ.get("XDG_RUNTIME_DIR", "")
    fits = os.path.isabs(own) and len(own) < LONGEST_FOLDER and os.access(own, os.W_OK)  # noqa: PTH117
    folder = Path(own) / "uncork" if fits else Path("/tmp") / f"uncork-ssh-{os.getuid()}"  # noqa: S108 -- short
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if found.st_uid != os.getuid() or not stat.S_ISDIR(found.st_mode) or stat.S_IMODE(found.st_mode) & 0o077:
        raise UsageError(f"{folder} is not a folder of yours alone", "remove it, or see whose it is")
    return folder


def _verbatim(data: bytes) -> str:
    """What is no UTF-8 goes out as it came in."""
    return data.decode("utf-8", "surrogateescape")


def _text(data: bytes) -> str:
    """What ssh itself says has the line ends of a terminal."""
    return data.decode("utf-8", "replace").replace("\r\n", "\n")
