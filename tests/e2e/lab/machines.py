"""One real machine of the lab: systemd as PID 1, sshd and sudo, in namespaces and cgroups of its own."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.e2e.lab import tree

BOOT: Final = Path(__file__).with_name("boot.sh")
PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"
HERE: Final = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Ended:
    """A command on a machine that ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Machine:
    """One machine: the link `veth` of the bridge leads to it; what it changed of its image is in `folder`/upper."""

    name: str
    address: str
    folder: Path
    mark: str

    @property
    def root(self) -> Path:
        """Its file system, as it is seen from here, but for what is mounted in it."""
        return self.folder / "root"

    @property
    def console(self) -> str:
        """What it wrote to its console."""
        return (self.folder / "console").read_text(errors="replace")

    def tried(self, command: str, user: str = "root", timeout: float = 60) -> Ended:
        """Run a command of the shell on it, not by the network."""
        who = ("setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups")
        home = "/root" if user == "root" else f"/home/{user}"
        env = ("env", "--ignore-environment", f"PATH={PATH}", f"HOME={home}")
        # What a command leaves running is the machine's: it ends with its namespaces.
        argv = ("nsenter", f"--target={self.init()}", "--all", *who, *env, "sh", "-c", command)
        done = subprocess.run(
            argv, capture_output=True, text=True, errors="replace", check=False, timeout=timeout, cwd="/"
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def sh(self, command: str, user: str = "root", timeout: float = 60) -> str:
        """Run a command of the shell on it, which has to succeed; what it wrote."""
        done = self.tried(command, user, timeout)
        assert done.code == 0, f"{self.name}: {command} exited {done.code}\n{done.out}{done.err}"
        return done.out

    def init(self) -> int:
        """The process that is PID 1 there."""
        first = next((pid for pid in _pids(self.mark) if _is_first(pid)), 0)
        assert first, f"{self.name} does not run:\n{self.console}"
        return first

    def cut(self) -> None:
        """Take its link down: whoever talks to it hears nothing any more."""
        ip("link", "set", self.mark, "down")

    def join(self) -> None:
        """Have its link up again."""
        ip("link", "set", self.mark, "up")

    def reboot(self) -> float:
        """Reboot it; seconds until it answers on its network again."""
        before, start = self.began(), time.monotonic()
        self.tried("systemctl reboot")
        until(lambda: self.began() not in (before, ""), 60, f"{self.name} did not reboot")
        self.wait()
        return time.monotonic() - start

    def began(self) -> str:
        """When its PID 1 was started, and nothing while there is none."""
        with suppress(OSError, AssertionError):
            return Path(f"/proc/{self.init()}/stat").read_text().rpartition(")")[2].split()[19]
        return ""

    def wait(self, within: float = 60) -> None:
        """Wait until one can log in to it."""
        until(lambda: _answers(self.address), within, f"{self.name} has no SSH: {self.folder / 'console'}")
        # sshd is there before pam_nologin lets users in.
        until(lambda: self.tried("test -e /run/nologin").code != 0, within, f"{self.name} lets nobody in")

    def tree(self) -> tree.Tree:
        """Each file of it: path -> kind, mode, owner, content."""
        return tree.tree(self.root)


def hierarchies() -> tuple[Path, ...]:
    """Return where systemd keeps its cgroups: in one place, or in two where the computer has the old kind also."""
    old = tuple(HERE / name for name in ("systemd", "unified") if (HERE / name / "cgroup.procs").exists())
    return old or (HERE,)


def start(machine: Machine) -> None:
    cgroups = [str(folder / machine.mark) for folder in hierarchies()]
    with (machine.folder / "console").open("w") as console:
        keeper = subprocess.Popen(
            [BOOT, machine.name, machine.root, machine.mark, *cgroups],
            stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    (machine.folder / "pid").write_text(str(keeper.pid))


def end(mark: str, folder: Path) -> None:
    """End all that runs of a machine, and take away its cgroups, its network and its files."""
    with suppress(FileNotFoundError, ProcessLookupError, ValueError):
        keeper = int((folder / "pid").read_text())
        if str(BOOT).encode() in Path(f"/proc/{keeper}/cmdline").read_bytes():
            os.kill(keeper, signal.SIGKILL)
    until(lambda: not _killed(mark), 30, f"{mark} does not end")
    for hierarchy in hierarchies():
        for cgroup in sorted((hierarchy / mark).rglob("*/"), reverse=True):
            cgroup.rmdir()
        with suppress(FileNotFoundError):
            (hierarchy / mark).rmdir()
    for mounted in (folder / "root", folder):
        subprocess.run(["umount", "--lazy", mounted], check=False, capture_output=True)
    # Connections that were cut off keep the network of a machine that is gone for minutes, and its link with it.
    subprocess.run(["ip", "link", "delete", mark], check=False, capture_output=True)
    subprocess.run(["ip", "netns", "delete", mark], check=False, capture_output=True)
    shutil.rmtree(folder, ignore_errors=True)


def _killed(mark: str) -> list[int]:
    """Kill what is in the cgroups of that name; what there was."""
    found = list(_pids(mark))
    for pid in found:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return found


def _pids(mark: str) -> Iterator[int]:
    for hierarchy in hierarchies():
        for file in (hierarchy / mark).rglob("cgroup.procs"):
            with suppress(OSError):  # it went meanwhile
                yield from (int(pid) for pid in file.read_text().split())


def _is_first(pid: int) -> bool:
    """Whether that is PID 1 of a machine: of a namespace just below ours."""
    with suppress(OSError):
        line = next(n for n in Path(f"/proc/{pid}/status").read_text().splitlines() if n.startswith("NSpid:"))
        return len(line.split()) == 3 and line.split()[-1] == "1"
    return False


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def _answers(address: str) -> bool:
    """Whether an SSH server says so there."""
    with suppress(OSError), socket.create_connection((address, 22), timeout=1) as connection:
        return connection.recv(4) == b"SSH-"
    return False


def until(check: Callable[[], bool], within: float, otherwise: str) -> None:
    deadline = time.monotonic() + within
    while not check():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.05)
