"""Carries out the steps of a change on a machine, each by one command there."""

import shlex
from pathlib import Path
from typing import Final

from uncork.errors import UserError
from uncork.plan import Directory, File, Link, Remove, Run
from uncork.recipes.setup.change import APT_TIME, MachineStep, Packages
from uncork.remote.ssh import Answered, Connection

# Whole or not at all: a file is written beside, and renamed.
WRITE: Final = 'umask 077; cat > "$1.new" && chmod "$2" "$1.new" && sync "$1.new" && mv -fT "$1.new" "$1"'
LINK: Final = 'ln -sfn "$2" "$1.new" && mv -fT "$1.new" "$1"'
APPEND: Final = 'umask 027; cat >> "$1"'
# Others may be at it: a machine that was just made installs its updates. And nobody else's service is to be restarted.
ALONE: Final = ("env", "DEBIAN_FRONTEND=noninteractive", "NEEDRESTART_SUSPEND=1")
WAIT: Final = 240
"""Seconds that others have for that: a new Ubuntu takes minutes."""
APT: Final = ("apt-get", "-qy", "-o", f"DPkg::Lock::Timeout={WAIT}")
LOCKS: Final = ("/var/lib/apt/lists/lock", "/var/cache/apt/archives/lock")
"""What apt does not wait for by itself, as it does for dpkg's lock."""
# Who has a lock may end just before it is looked for (proc_locks(5)), so that the first failure does not count.
IN_TURN: Final = """most=$1 lists=$2 archives=$3 times=0; shift 3
held() { for lock in "$lists" "$archives"; do
  inode=$(stat -c :%i "$lock" 2>/dev/null) && grep -q "$inode " /proc/locks && return; done; return 1; }
until "$@"; do
  code=$? times=$((times + 1))
  if [ $times -gt "$most" ] || { [ $times -gt 1 ] && ! held; }; then exit $code; fi
  sleep 1
done
"""
# Nor can anybody be asked which of two configs is to stay: it is theirs.
KEEP: Final = ("-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold")
CLEAN: Final = ("-o", "APT::Keep-Downloaded-Packages=false")
INSTALL: Final = ("install", "--no-install-recommends")
UPGRADED: Final = "["
"""What stands before the version that is there, where apt says what it would install."""


def _shell(script: str, *words: str) -> tuple[str, ...]:
    return ("sh", "-c", script, "sh", *words)


def carry_out(connection: Connection, step: Directory | File | Link | Remove | Run) -> None:
    """Carry out a step as root. Raises UserError, in the words of the command that failed."""
    timeout = step.timeout if isinstance(step, Run) else 60.0
    stdin = step.content.encode() if isinstance(step, File) else b""
    succeeded(connection, argv(step), step.why or shown(step), timeout, stdin)


def argv(step: Directory | File | Link | Remove | Run) -> tuple[str, ...]:
    """Return the command that a step is on a machine."""
    match step:
        case Directory():
            return ("install", "-d", "-m", f"{step.mode:o}", str(step.path))
        case File():
            return _shell(WRITE, str(step.path), f"{step.mode:o}")
        case Link():
            return _shell(LINK, str(step.path), step.points_to)
        case Remove():
            return ("rm", "-rf", "--", str(step.path))
        case Run():
            return step.argv


def shown(step: MachineStep) -> str:
    """Return what a step does, as a preview shows it."""
    match step:
        case Directory() | Remove():
            return shlex.join(argv(step))
        case File():
            return f"write {step.path}"
        case Link():
            return f"link {step.path} -> {step.points_to}"
        case Run():
            return step.why if step.argv[:2] == _shell("")[:2] else shlex.join(step.argv)
        case Packages():
            return shlex.join(("apt-get", *INSTALL, *step.names))
        case _:
            return f"send /opt/uncork/{step.digest}"


def append(connection: Connection, path: Path, line: str) -> None:
    """Append a line to a file on a machine."""
    succeeded(connection, _shell(APPEND, str(path)), f"append to {path}", 60.0, line.encode() + b"\n")


def packages(connection: Connection, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return all packages that installing those would add, once apt has asked what there is.

    One that is there, and would be brought up to date with them, is none of ours.
    """
    succeeded(connection, (*ALONE, *in_turn((*APT, "update"))), "ask what packages there are", APT_TIME)
    asked = succeeded(
        connection, (*ALONE, *APT, *INSTALL, "--simulate", *names), "ask what is to be installed", APT_TIME
    )
    lines = (line.split() for line in asked.out.splitlines() if line.startswith("Inst "))
    return tuple(name for _, name, version, *_ in lines if not version.startswith(UPGRADED))


def install(connection: Connection, names: tuple[str, ...]) -> None:
    """Install packages."""
    argv = in_turn((*APT, *KEEP, *CLEAN, *INSTALL, *names))
    succeeded(connection, (*ALONE, *argv), f"install {' '.join(names)}", APT_TIME)


def in_turn(argv: tuple[str, ...], locks: tuple[str, str] = LOCKS) -> tuple[str, ...]:
    """Return what runs a command that fails while somebody has one of these locks, again until nobody has."""
    return _shell(IN_TURN, str(WAIT), *locks, *argv)


def succeeded(
    connection: Connection, argv: tuple[str, ...], why: str, timeout: float = 60.0, stdin: bytes = b""
) -> Answered:
    """Run a command as root, which has to succeed. Raises UserError."""
    done = connection.run(argv, stdin=stdin, timeout=timeout)
    if done.code:
        problem = f"{connection.host}: could not {why}: {Path(argv[0]).name}: exit status {done.code}"
        raise UserError(
            problem, "mend what it says, and run this again", (done.err.strip() or done.out.strip())[-4096:]
        )
    return done
