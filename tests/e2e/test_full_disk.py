"""A disk that fills up at each write of a deploy: a clear error, and the old release serves."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.state import Uncork, copied, eventually, gone, rewrite, state

# In KiB: from none to what a whole release takes, so that each of its writes is the one that fails.
LEFT: Final = (0, 8, 24, 44, 60, 68, 72, 76, 80, 84, 88, 92, 96, 104, 112, 120, 1_030, 1_070, 1_150)


@pytest.fixture
def small() -> Iterator[Uncork]:
    """A state directory on a file system of its own, of 96 MB."""
    with state() as uncork:
        uncork.home.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=96m,mode=755", "tmpfs", str(uncork.home)],
            capture_output=True,
            check=False,
        )
        if mounted.returncode:
            pytest.skip("a small file system needs root and the right to mount")
        try:
            yield uncork
            uncork.run("down").ok()
        finally:
            subprocess.run(["umount", "-l", str(uncork.home)], check=True)


def _filled(file: int, left: int) -> bool:
    space = os.fstatvfs(file)
    with suppress(OSError):
        os.posix_fallocate(file, 0, max(1, space.f_bavail * space.f_frsize - left * 1024))
        return True
    return False


def fill(folder: Path, left: int) -> Path:
    """A file that leaves that many KiB; whoever writes meanwhile may take some of them, so it is tried again."""
    filler = folder / "filler"
    with filler.open("wb") as file:
        eventually(lambda: _filled(file.fileno(), left))
    return filler


def test_on_a_full_disk_a_deploy_says_so_and_the_old_release_serves(
    small: Uncork, figures: Callable[[str], None]
) -> None:
    hello = copied("hello", small.root / "hello")
    small.up(hello).ok()
    text = "one"
    refused = 0
    with small.load(50) as load:
        for left in LEFT:
            filler = fill(small.home, left)
            text, old = f"left-{left}", text
            rewrite(hello / "app.py", f'"{old}"', f'"{text}"')
            serves = small.release()
            done = small.up(hello)
            figures(f"disk with {left} KiB left: exit {done.code} {done.err.strip().splitlines()[:1]}")
            if done.code:
                refused += 1
                assert "no space left" in done.said.lower(), done.said
                assert "Traceback" not in done.said, done.said
                assert small.release() == serves
            filler.unlink()
    assert refused
    assert not load.result.failures, load.result
    small.up(hello).ok()
    assert f"text {text} " in small.get().text


def test_a_first_deploy_on_a_full_disk_says_so_and_leaves_nothing_running(small: Uncork) -> None:
    hello = copied("hello", small.root / "hello")
    for left in (0, 200, 2_000):
        filler = fill(small.home, left)
        done = small.up(hello)
        assert done.code in {1, 3}
        assert "no space left" in done.said.lower(), done.said
        assert "Traceback" not in done.said, done.said
        assert not gone(small.processes)
        filler.unlink()
    small.up(hello).ok()
