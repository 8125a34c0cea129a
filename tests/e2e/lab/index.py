"""What machines get from the bridge instead of PyPI and Debian's mirrors: a static index of wheels, and packages."""

import hashlib
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from tests.e2e.lab.image import CACHE, Image, alone
from tests.e2e.state import PROJECTS
from uncork.machine import tools
from uncork.rendering import source

PORT: Final = 8000
# What the examples and the projects of the tests ask for; a hoster's mirror has all.
WANTED: Final = ("flask>=3", "flask-sqlalchemy>=3.1")
PLATFORMS: Final = ("manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux_2_28_x86_64", "any")


@contextmanager
def index(address: str, image: Image, folder: Path) -> Iterator[None]:
    """Serve both on that address of this computer."""
    _lay_out(wheels(image), image.debs, folder)
    with ThreadingHTTPServer((address, PORT), partial(_Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def wheels(image: Image) -> Path:
    """Return the folder of wheels for a suite's Python, loaded from PyPI if this computer has none yet."""
    wanted = sorted({*WANTED, *_pinned(), *_servers()})
    kept = CACHE / f"wheels-{image.python}-{hashlib.sha256(' '.join(wanted).encode()).hexdigest()[:12]}"
    with alone("wheels"):
        if not kept.exists():
            _load(wanted, image.python, kept)
    return kept


def _pinned() -> Iterator[str]:
    for file in PROJECTS.glob("*/requirements*.txt"):
        yield from (line.strip() for line in file.read_text().splitlines() if "==" in line)


def _servers() -> Iterator[str]:
    lines = source("uncork.servers", "hashes.txt").splitlines()
    yield from (line.partition(" ")[0] for line in lines if not line.startswith((" ", "#")))


def _load(wanted: list[str], python: str, kept: Path) -> None:
    making = kept.with_suffix(".new")
    platforms = [word for name in PLATFORMS for word in ("--platform", name)]
    how = ("--quiet", "--only-binary", ":all:", "--python-version", python, *platforms, "--dest", str(making))
    pip = (tools.uv(), "tool", "run", "--quiet", "pip", "download")
    subprocess.run([*pip, *how, *wanted], check=True)
    making.rename(kept)


def _lay_out(wheels: Path, debs: Path, folder: Path) -> None:
    """Write the index as files: a folder for each project, with a page of links."""
    folder.mkdir()
    (folder / "debs").symlink_to(debs)
    (folder / "files").symlink_to(wheels)
    links: dict[str, list[str]] = {}
    for wheel in sorted(wheels.glob("*.whl")):
        name = re.sub(r"[-_.]+", "-", wheel.name.partition("-")[0]).lower()
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        links.setdefault(name, []).append(f'<a href="/files/{wheel.name}#sha256={digest}">{wheel.name}</a>')
    for name, found in links.items():
        page = folder / "simple" / name / "index.html"
        page.parent.mkdir(parents=True)
        page.write_text("<!DOCTYPE html>\n" + "<br>\n".join(found))


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: pytest would show it with a test that it isn't of."""
