"""Real machines on one computer: systemd as PID 1, sshd and sudo, each in network and cgroups of its own, on a bridge."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.e2e.lab import tree
from tests.e2e.lab.image import Image

BOOT: Final = Path(__file__).with_name("boot.sh")
PROGRAMS: Final = {
    "ip": "iproute2",
    "mmdebstrap": "mmdebstrap",
    "nsenter": "util-linux",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "systemd-nspawn": "systemd-container",
}
# A hoster's machine has one name and one key; the tests know them all beforehand.
NAMES: Final = tuple(f"s{n}" for n in range(1, 31))
HERE: Final = Path("/sys/fs/cgroup")


def lacks() -> str:
    """Return what this computer lacks for a lab; nothing, if it can have one."""
    if os.geteuid() != 0:
        return "root"
    packages = sorted({package for program, package in PROGRAMS.items() if not shutil.which(program)})
    if packages:
        return f"apt-get install {' '.join(packages)}"
    if not all(os.access(folder, os.W_OK) for folder in _hierarchies()):
        return "a computer on which it may make cgroups"
    return "" if _can_be_alone() else "a computer on which it may make network namespaces"


def _can_be_alone() -> bool:
    return subprocess.run(["unshare", "--net", "--mount", "true"], check=False, capture_output=True).returncode == 0


def _hierarchies() -> tuple[Path, ...]:
    """Return where systemd keeps its cgroups: in one place, or in two where the computer has the old kind also."""
    old = tuple(HERE / name for name in ("systemd", "unified") if (HERE / name / "cgroup.procs").exists())
    return old or (HERE,)


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
        env = ("env", "--ignore-environment", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", f"HOME={home}")
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
        _ip("link", "set", self.mark, "down")

    def join(self) -> None:
        """Have its link up again."""
        _ip("link", "set", self.mark, "up")

    def reboot(self) -> float:
        """Reboot it; seconds until it answers on its network again."""
        before, start = self._began(), time.monotonic()
        self.tried("systemctl reboot")
        _until(lambda: self._began() not in (before, ""), 60, f"{self.name} did not reboot")
        self.wait()
        return time.monotonic() - start

    def _began(self) -> str:
        """When its PID 1 was started, and nothing while there is none."""
        with suppress(OSError, AssertionError):
            return Path(f"/proc/{self.init()}/stat").read_text().rpartition(")")[2].split()[19]
        return ""

    def wait(self, within: float = 60) -> None:
        """Wait until one can log in to it."""
        _until(lambda: _answers(self.address), within, f"{self.name} has no SSH: {self.folder / 'console'}")
        # sshd is there before pam_nologin lets users in.
        _until(lambda: not self.tried("test -e /run/nologin").code == 0, within, f"{self.name} lets nobody in")

    def tree(self) -> tree.Tree:
        """Each file of it: path -> kind, mode, owner, content."""
        return tree.tree(self.root)


@dataclass
class Lab:
    """A bridge of its own, 10.231.<number>.1, and the machines that were booted on it."""

    number: int
    image: Image
    folder: Path
    machines: list[Machine] = field(default_factory=list)

    @property
    def mark(self) -> str:
        """What its bridge is called, and what the names of all else that is its begin with."""
        return f"unc{self.number}"

    @property
    def bridge(self) -> str:
        """The address of this computer on the bridge."""
        return f"10.231.{self.number}.1"

    @property
    def key(self) -> Path:
        """The private key whose owner may log in to each machine, as root and as deploy."""
        return self.folder / "ssh" / "key"

    def address(self, name: str) -> str:
        """Return where a machine of that name is."""
        return f"10.231.{self.number}.{10 + int(name[1:])}"

    def boot(self, *layers: Path) -> Machine:
        """Boot a machine, of the image with these layers upon it, and wait until one can log in."""
        machine = self.begin(*layers)
        machine.wait()
        return machine

    def begin(self, *layers: Path) -> Machine:
        """Boot a machine, and don't wait."""
        name = next(n for n in NAMES if n not in {m.name for m in self.machines})
        machine = Machine(name, self.address(name), self.folder / name, f"{self.mark}-{name}")
        self.machines.append(machine)
        _prepare(machine, self, layers)
        _connect(machine, self)
        _start(machine)
        return machine

    def end(self, machine: Machine) -> None:
        """Pull its plug, and forget it."""
        _end(machine.mark, machine.folder)
        self.machines.remove(machine)

    def layer(self, machine: Machine, name: str) -> Path:
        """Shut a machine down, and return what it changed, for others to begin with; it is gone."""
        machine.tried("systemctl poweroff")
        _until(lambda: machine._began() == "", 30, f"{machine.name} does not shut down")  # noqa: SLF001
        kept = self.folder / "layers" / name
        kept.parent.mkdir(exist_ok=True)
        shutil.rmtree(kept, ignore_errors=True)
        subprocess.run(["umount", machine.root], check=True)
        (machine.folder / "upper").rename(kept)
        self.end(machine)
        return kept


@contextmanager
def lab(number: int, image: Image) -> Iterator[Lab]:
    """A lab of that number, of which nothing is left at the end; nor of one that was killed before."""
    folder = Path(tempfile.gettempdir()) / f"uncork-lab-{number}"
    found = Lab(number, image, folder)
    _clear(found)
    folder.mkdir(mode=0o755)
    _keys(found)
    _ip("link", "add", found.mark, "type", "bridge")
    _ip("addr", "add", f"{found.bridge}/24", "dev", found.mark)
    _ip("link", "set", found.mark, "up")
    # Once the bridge is gone, nothing that is meant for it may leave by another way.
    _ip("route", "replace", "unreachable", _network(found), "metric", "4000")
    try:
        yield found
    finally:
        _clear(found)


def _network(lab: Lab) -> str:
    return f"10.231.{lab.number}.0/24"


def _keys(lab: Lab) -> None:
    folder = lab.key.parent
    folder.mkdir()
    for key in (lab.key, *(folder / name for name in NAMES)):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", key.name, "-f", key], check=True)
    known = (f"{n},{lab.address(n)} {(folder / f'{n}.pub').read_text()}" for n in NAMES)
    (folder / "known_hosts").write_text("".join(known))


def _prepare(machine: Machine, lab: Lab, layers: tuple[Path, ...]) -> None:
    """Mount its file system, and write what is its own: names, keys, where packages are."""
    upper, work, root = (machine.folder / name for name in ("upper", "work", "root"))
    for folder in (upper, work, root):
        folder.mkdir(parents=True, mode=0o755)  # upper's mode is the one of /
    lower = ":".join(str(layer) for layer in (*reversed(layers), lab.image.base))
    where = f"lowerdir={lower},upperdir={upper},workdir={work}"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", where, root], check=True)
    (root / "etc/hostname").write_text(f"{machine.name}\n")
    (root / "etc/hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {machine.name}\n")
    (root / "etc/machine-id").write_text("")
    key, host = lab.key.with_suffix(".pub").read_text(), lab.key.with_name(machine.name)
    for name, mode in (("ssh_host_ed25519_key", 0o600), ("ssh_host_ed25519_key.pub", 0o644)):
        _write(root / "etc/ssh" / name, host.with_suffix(Path(name).suffix).read_text(), mode=mode)
    _write(root / "etc/ssh/sshd_config.d/lab.conf", "HostKey /etc/ssh/ssh_host_ed25519_key\nUseDNS no\n")
    for home, owner in (("root", 0), ("home/deploy", 1000)):
        _write(root / home / ".ssh/authorized_keys", key, owner, 0o600)
    at = f"http://{lab.bridge}:8000"
    _write(root / "etc/apt/sources.list.d/bridge.list", f"deb [trusted=yes] {at}/debs ./\n")
    _write(root / "etc/uv/uv.toml", f'[[index]]\nurl = "{at}/simple/"\ndefault = true\n')


def _write(path: Path, text: str, owner: int = 0, mode: int = 0o644) -> None:
    path.parent.mkdir(exist_ok=True, mode=0o755)
    os.chown(path.parent, owner, owner)
    path.write_text(text)
    path.chmod(mode)
    os.chown(path, owner, owner)


def _connect(machine: Machine, lab: Lab) -> None:
    _ip("netns", "add", machine.mark)
    _ip("link", "add", machine.mark, "type", "veth", "peer", "name", "host0", "netns", machine.mark)
    _ip("link", "set", machine.mark, "master", lab.mark, "up")
    _ip("-n", machine.mark, "link", "set", "lo", "up")
    _ip("-n", machine.mark, "addr", "add", f"{machine.address}/24", "dev", "host0")
    _ip("-n", machine.mark, "link", "set", "host0", "up")


def _start(machine: Machine) -> None:
    cgroups = [str(folder / machine.mark) for folder in _hierarchies()]
    with (machine.folder / "console").open("w") as console:
        keeper = subprocess.Popen(
            [BOOT, machine.name, machine.root, machine.mark, *cgroups],
            stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    (machine.folder / "pid").write_text(str(keeper.pid))


def _end(mark: str, folder: Path) -> None:
    """End all that runs of a machine, and take away its cgroups, its network and its files."""
    with suppress(FileNotFoundError, ProcessLookupError, ValueError):
        keeper = int((folder / "pid").read_text())
        if str(BOOT).encode() in Path(f"/proc/{keeper}/cmdline").read_bytes():
            os.kill(keeper, signal.SIGKILL)
    _until(lambda: not _killed(mark), 30, f"{mark} does not end")
    for hierarchy in _hierarchies():
        for cgroup in sorted((hierarchy / mark).rglob("*/"), reverse=True):
            cgroup.rmdir()
        with suppress(FileNotFoundError):
            (hierarchy / mark).rmdir()
    subprocess.run(["umount", "--lazy", folder / "root"], check=False, capture_output=True)
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
    for hierarchy in _hierarchies():
        for file in (hierarchy / mark).rglob("cgroup.procs"):
            with suppress(OSError):  # it went meanwhile
                yield from (int(pid) for pid in file.read_text().split())


def _is_first(pid: int) -> bool:
    """Whether that is PID 1 of a machine: of a namespace just below ours."""
    with suppress(OSError):
        line = next(n for n in Path(f"/proc/{pid}/status").read_text().splitlines() if n.startswith("NSpid:"))
        return len(line.split()) == 3 and line.split()[-1] == "1"
    return False


def _clear(lab: Lab) -> None:
    """Take away all of a lab of that number, whoever began it."""
    marks = {path.name for hierarchy in _hierarchies() for path in hierarchy.glob(f"{lab.mark}-*")}
    for mark in sorted(marks | {f"{lab.mark}-{path.parent.name}" for path in lab.folder.glob("*/root")}):
        _end(mark, lab.folder / mark.partition("-")[2])
    subprocess.run(["ip", "link", "delete", lab.mark], check=False, capture_output=True)
    away = ["ip", "route", "delete", "unreachable", _network(lab), "metric", "4000"]
    subprocess.run(away, check=False, capture_output=True)
    lab.machines.clear()
    shutil.rmtree(lab.folder, ignore_errors=True)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def _answers(address: str) -> bool:
    """Whether an SSH server says so there."""
    with suppress(OSError), socket.create_connection((address, 22), timeout=1) as connection:
        return connection.recv(4) == b"SSH-"
    return False


def _until(check: Callable[[], bool], within: float, otherwise: str) -> None:
    deadline = time.monotonic() + within
    while not check():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.05)
