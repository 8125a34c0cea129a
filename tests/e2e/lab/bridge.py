"""A bridge of this computer, and the machines on it."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.e2e.lab.image import Image
from tests.e2e.lab.machines import Machine, end, hierarchies, ip, start, until

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


def lacks() -> str:
    """Return what this computer lacks for a lab; nothing, if it can have one."""
    if os.geteuid() != 0:
        return "root"
    packages = sorted({package for program, package in PROGRAMS.items() if not shutil.which(program)})
    if packages:
        return f"apt-get install {' '.join(packages)}"
    if not all(os.access(folder, os.W_OK) for folder in hierarchies()):
        return "a computer on which it may make cgroups"
    return "" if _can_be_alone() else "a computer that lets it make network namespaces and mount overlays"


def _can_be_alone() -> bool:
    mounted = 'cd "$1" && mkdir lower upper work root && mount -t overlay -o "$2" overlay root'
    how = "lowerdir=lower,upperdir=upper,workdir=work"
    with tempfile.TemporaryDirectory() as folder:
        argv = ("unshare", "--net", "--mount", "sh", "-c", mounted, "sh", folder, how)
        return subprocess.run(argv, check=False, capture_output=True).returncode == 0


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

    def begin(self, *layers: Path, disk: str = "") -> Machine:
        """Boot a machine, and don't wait; its disk holds no more than that, if one is said (`500m`)."""
        name = next(n for n in NAMES if n not in {m.name for m in self.machines})
        machine = Machine(name, self.address(name), self.folder / name, f"{self.mark}-{name}")
        self.machines.append(machine)
        machine.folder.mkdir()
        if disk:
            how = f"size={disk},mode=755"
            subprocess.run(["mount", "-t", "tmpfs", "-o", how, "tmpfs", machine.folder], check=True)
        _prepare(machine, self, layers)
        _connect(machine, self)
        start(machine)
        return machine

    def end(self, machine: Machine) -> None:
        """Pull its plug, and forget it."""
        end(machine.mark, machine.folder)
        self.machines.remove(machine)

    def layer(self, machine: Machine, kept: Path) -> None:
        """Shut a machine down, and keep what it changed, for others to begin with; it is gone.

        That is to be on the same file system: a copy would lose what says which files were removed.
        """
        machine.tried("systemctl poweroff")
        until(lambda: machine.began() == "", 30, f"{machine.name} does not shut down")
        subprocess.run(["umount", machine.root], check=True)
        (machine.folder / "upper").rename(kept)
        self.end(machine)


@contextmanager
def lab(number: int, image: Image) -> Iterator[Lab]:
    """A lab of that number, of which nothing is left at the end; nor of one that was killed before."""
    folder = Path(tempfile.gettempdir()) / f"uncork-lab-{number}"
    found = Lab(number, image, folder)
    _clear(found)
    folder.mkdir(mode=0o755)
    _keys(found)
    # A bridge with no address of its own has that of one of its ports, another one whenever a machine comes or goes.
    ip("link", "add", found.mark, "address", f"02:00:0a:e7:{number:02x}:01", "type", "bridge")
    ip("addr", "add", f"{found.bridge}/24", "dev", found.mark)
    ip("link", "set", found.mark, "up")
    # Once the bridge is gone, nothing that is meant for it may leave by another way.
    ip("route", "replace", "unreachable", _network(found), "metric", "4000")
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
        folder.mkdir(mode=0o755)  # upper's mode is the one of /
    lower = ":".join(str(layer) for layer in (*reversed(layers), lab.image.base))
    where = f"lowerdir={lower},upperdir={upper},workdir={work}"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", where, root], check=True)
    (root / "etc/hostname").write_text(f"{machine.name}\n")
    (root / "etc/hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {machine.name}\n{lab.bridge} bridge\n")
    (root / "etc/machine-id").write_text("")
    key, host = lab.key.with_suffix(".pub").read_text(), lab.key.with_name(machine.name)
    for name, mode in (("ssh_host_ed25519_key", 0o600), ("ssh_host_ed25519_key.pub", 0o644)):
        _write(root / "etc/ssh" / name, host.with_suffix(Path(name).suffix).read_text(), mode=mode)
    _write(root / "etc/ssh/sshd_config.d/lab.conf", "HostKey /etc/ssh/ssh_host_ed25519_key\nUseDNS no\n")
    for home, owner in (("root", 0), ("home/deploy", 1000)):
        _write(root / home / ".ssh/authorized_keys", key, owner, 0o600)
    # By a name, since apt keeps what it has heard by the address, and a layer may be of another lab.
    _write(root / "etc/apt/sources.list.d/bridge.list", "deb [trusted=yes] http://bridge:8000/debs ./\n")
    _write(root / "etc/uv/uv.toml", f'[[index]]\nurl = "http://{lab.bridge}:8000/simple/"\ndefault = true\n')


def _write(path: Path, text: str, owner: int = 0, mode: int = 0o644) -> None:
    path.parent.mkdir(exist_ok=True, mode=0o755)
    os.chown(path.parent, owner, owner)
    path.write_text(text)
    path.chmod(mode)
    os.chown(path, owner, owner)


def _connect(machine: Machine, lab: Lab) -> None:
    ip("netns", "add", machine.mark)
    ip("link", "add", machine.mark, "type", "veth", "peer", "name", "host0", "netns", machine.mark)
    ip("link", "set", machine.mark, "master", lab.mark, "up")
    ip("-n", machine.mark, "link", "set", "lo", "up")
    ip("-n", machine.mark, "addr", "add", f"{machine.address}/24", "dev", "host0")
    ip("-n", machine.mark, "link", "set", "host0", "up")


def _clear(lab: Lab) -> None:
    """Take away all of a lab of that number, whoever began it."""
    marks = {path.name for hierarchy in hierarchies() for path in hierarchy.glob(f"{lab.mark}-*")}
    for mark in sorted(marks | {f"{lab.mark}-{path.parent.name}" for path in lab.folder.glob("*/root")}):
        end(mark, lab.folder / mark.partition("-")[2])
    subprocess.run(["ip", "link", "delete", lab.mark], check=False, capture_output=True)
    away = ["ip", "route", "delete", "unreachable", _network(lab), "metric", "4000"]
    subprocess.run(away, check=False, capture_output=True)
    lab.machines.clear()
    shutil.rmtree(lab.folder, ignore_errors=True)
