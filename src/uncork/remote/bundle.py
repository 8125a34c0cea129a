"""uncork as a machine gets it: the files of an environment for the machine's own Python, put together here."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

import uncork
import uncork_runtime
from uncork.errors import StepFailedError, UserError
from uncork.machine import commands, files, tools, walks
from uncork.plan import Remove, Run
from uncork.recipes.platform import Platform, check_python
from uncork.recipes.setup.wanted import ROOT

LOCK: Final = Path(__file__).with_name("requirements.txt")
"""What uncork needs, with hashes, for every platform: `make lock` writes it from uv.lock."""

TIMEOUT: Final = 600.0
_PACKAGES: Final = (Path(uncork.__file__).parent, Path(uncork_runtime.__file__).parent)
_INSTALL: Final = ("pip", "install", "--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:")
_SCRIPT: Final = """#!{home}/bin/python -I
import sys

from uncork.cli import main

sys.exit(main())
"""
_SETTINGS: Final = "home = {home}\ninclude-system-site-packages = false\nversion = {python}\n"
_METADATA: Final = "Metadata-Version: 2.1\nName: uncork\nVersion: {version}\n"


@dataclass(frozen=True)
class Bundle:
    """A tree that is to be at `home` on a machine, all of it root's and for everybody to read.

    `names` are the files below `folder`, here, each with the mode it is to have there; `links` are (name, what it
    points to).
    """

    digest: str
    folder: Path
    names: tuple[str, ...]
    links: tuple[tuple[str, str], ...]

    @property
    def home(self) -> Path:
        """Where it is to be on the machine: its scripts name that place."""
        return ROOT / self.digest


def digest(platform: Platform) -> str:
    """Return what names the bundle for a machine: the same for the same uncork, wherever it is put together."""
    whole = hashlib.sha256()
    for word in (platform.minor, platform.wheels, platform.executable, version("uncork")):
        whole.update(word.encode() + b"\0")
    whole.update(hashlib.sha256(LOCK.read_bytes()).digest())
    for package in _PACKAGES:
        for name in walks.walked(package):
            whole.update(f"{package.name}/{name}\0".encode())
            whole.update(hashlib.sha256((package / name).read_bytes()).digest())
    return whole.hexdigest()[:16]


@contextmanager
def bundled(platform: Platform) -> Iterator[Bundle]:
    """Put the bundle for a machine together, in a folder that is gone after.

    Raises UsageError where uncork can't run there, UserError in uv's own words where its wheels can't be had.
    """
    check_python(platform)
    with tempfile.TemporaryDirectory(prefix="uncork-") as made:
        folder = Path(made)
        name = digest(platform)
        site = folder / "lib" / f"python{platform.minor}" / "site-packages"
        _install(platform, site)
        _keep_programs(site, folder / "bin")
        _add_own(site)
        _write(folder, platform, ROOT / name)
        yield Bundle(name, folder, _names(folder), (("bin/python", platform.executable),))


def _names(folder: Path) -> tuple[str, ...]:
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return tuple(sorted(str(path) for path in found if "__pycache__" not in path.parts))


def _install(platform: Platform, site: Path) -> None:
    uv = tools.uv()
    target = ("--target", str(site), "--python-platform", platform.wheels, "--python-version", platform.minor)
    step = Run((uv, *_INSTALL, *target, "-r", str(LOCK)), "get what uncork needs for the machine", TIMEOUT, site.parent)
    site.mkdir(parents=True)
    try:
        commands.run(step, None)
    except StepFailedError as error:
        fix = "give this computer a way to the package index, and run it again"
        raise UserError(f"could not {error.why}: {error.reason}", fix, error.output) from error


def _keep_programs(site: Path, to: Path) -> None:
    """Move uv to where it looks for itself; the scripts beside it name this computer's Python, so they can't run."""
    to.mkdir()
    (site / "bin" / "uv").rename(to / "uv")
    files.remove(Remove(site / "bin"))
    files.remove(Remove(site / ".lock"))


def _add_own(site: Path) -> None:
    for package in _PACKAGES:
        for name in walks.walked(package):
            path = site / package.name / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes((package / name).read_bytes())
    told = site / f"uncork-{version('uncork')}.dist-info" / "METADATA"
    told.parent.mkdir()
    told.write_text(_METADATA.format(version=version("uncork")))


def _write(folder: Path, platform: Platform, home: Path) -> None:
    """Write what makes a folder an environment: Python looks for pyvenv.cfg above its own link (PEP 405)."""
    script = folder / "bin" / "uncork"
    script.write_text(_SCRIPT.format(home=home))
    script.chmod(0o755)
    settings = _SETTINGS.format(home=Path(platform.executable).parent, python=platform.python)
    (folder / "pyvenv.cfg").write_text(settings)
