"""What a machine of the lab is at first: a Debian as a hoster gives it, made once and kept in a cache folder."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CACHE: Final = Path(os.environ.get("UNCORK_LAB_CACHE", "/var/cache/uncork-lab"))
SUITE: Final = os.environ.get("UNCORK_LAB_SUITE", "bookworm")
PACKAGES: Final = (
    "ca-certificates", "curl", "dbus", "iproute2", "libpam-systemd", "openssh-server", "procps",
    "python3", "sudo", "systemd", "systemd-sysv", "tcc",
)  # fmt: skip
# No machine of the lab reaches a mirror; these it gets by apt from the bridge.
BY_APT: Final = ("nginx", "logrotate", "git")
DISABLED: Final = "apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer"
MASKED: Final = "console-getty.service getty.target systemd-modules-load.service systemd-networkd-wait-online.service"
# In the order in which mmdebstrap runs them, each in a shell, with the folder of the image as $1.
HOOKS: Final = (
    f'chroot "$1" systemctl disable {DISABLED} || true',
    f'chroot "$1" systemctl mask {MASKED}',
    'chroot "$1" useradd --create-home --shell /bin/bash deploy',
    'echo "deploy ALL=(ALL) NOPASSWD: ALL" > "$1/etc/sudoers.d/deploy"',
    f'chroot "$1" apt-get install --yes --download-only --no-install-recommends {" ".join(BY_APT)}',
    'mkdir "$1/debs" && mv "$1"/var/cache/apt/archives/*.deb "$1/debs/"',
    'rm -rf "$1"/etc/ssh/ssh_host_* "$1"/etc/apt/sources.list "$1"/etc/apt/sources.list.d/*',
)
# The Python of each suite, for which the index on the bridge has wheels.
PYTHONS: Final = {"bookworm": "3.11", "trixie": "3.13"}


@dataclass(frozen=True)
class Image:
    """The folder that all machines of a suite begin with, and the packages that they may install."""

    suite: str
    base: Path
    debs: Path
    python: str


def image(suite: str = SUITE) -> Image:
    """Return the image of that suite, made if this computer has none yet: half a minute, and 300 MB."""
    recipe = "\n".join((suite, *PACKAGES, *HOOKS))
    kept = CACHE / f"{suite}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"
    with alone(suite):
        if not kept.exists():
            _make(suite, kept)
    return Image(suite, kept / "base", kept / "debs", PYTHONS[suite])


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Let nobody else make the same thing of the cache meanwhile."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(suite: str, kept: Path) -> None:
    making = kept.with_suffix(".new")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir()
    hooks = [f"--customize-hook={hook}" for hook in HOOKS]
    argv = ["mmdebstrap", "--mode=root", "--format=directory", "--quiet", "--variant=minbase"]
    subprocess.run([*argv, f"--include={','.join(PACKAGES)}", *hooks, suite, making / "base"], check=True)
    shutil.move(making / "base" / "debs", making / "debs")
    (making / "debs" / "Packages").write_text("".join(_entry(deb) for deb in sorted(making.glob("debs/*.deb"))))
    making.rename(kept)


def _entry(deb: Path) -> str:
    """Return what apt's list of packages says of one."""
    control = subprocess.run(["dpkg-deb", "--field", deb], check=True, capture_output=True, text=True).stdout
    digest = hashlib.sha256(deb.read_bytes()).hexdigest()
    return f"{control.rstrip()}\nFilename: ./{deb.name}\nSize: {deb.stat().st_size}\nSHA256: {digest}\n\n"
