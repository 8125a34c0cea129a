"""What logging costs a request: one record of the app's and a line of the access log, against none of both."""

import os
import re
import signal
import time
from pathlib import Path
from typing import Final

from bench.machine import free_port, median
from bench.ours import Uncork
from bench.serving import one
from bench.table import Table
from uncork.layout import Layout, runtime_directory

PAGES: Final = ("/logged/index", "/logged/json", "/logged/page")
OFF: Final = '\n[logging]\nlevel = "CRITICAL"\n'
MOST: Final = 1.10
PATIENCE: Final = 5.0


def measure(folder: Path, rounds: int) -> tuple[Table, ...]:
    """Load the pages of two deployed apps in turn, some rounds long; each says the same to its logger."""
    on, off = (Uncork(folder / f"records-{name}", free_port()) for name in ("on", "off"))
    with (off.project / "uncork.toml").open("a") as config:
        config.write(OFF)
    seen: dict[str, list[tuple[float, float]]] = {page: [] for page in PAGES}
    try:
        on.start()
        off.start()
        _silence(off)
        for _ in range(rounds):
            for page, figures in seen.items():
                figures.append((one(on, page)[0], one(off, page)[0]))
            _check(on, off)
    finally:
        on.stop()
        off.stop()
    return (_table(seen),)


def _silence(ours: Uncork) -> None:
    """Switch off the access log of a running front."""
    layout = Layout(ours.home, runtime_directory(ours.home, os.getuid()))
    for file in layout.front.rglob("*.conf"):
        file.write_text(re.sub(r"access_log [^;]+;", "access_log off;", file.read_text()))
    os.kill(int(layout.front_pid.read_text()), signal.SIGHUP)
    time.sleep(1)  # until its old workers have left


def _check(on: Uncork, off: Uncork) -> None:
    """Raise RuntimeError unless one of them logs all and the other nothing."""
    for name in ("app.log", "access.log"):
        logs = [ours.home / "apps" / "guests" / "logs" / name for ours in (on, off)]
        before = [_size(log) for log in logs]
        deadline = time.monotonic() + PATIENCE
        while _size(logs[0]) == before[0] and time.monotonic() < deadline:
            on.get(PAGES[0])
            off.get(PAGES[0])
            time.sleep(0.1)
        if _size(logs[0]) == before[0] or _size(logs[1]) != before[1]:
            raise RuntimeError(f"{name} grew from {before} to {[_size(log) for log in logs]}")


def _size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0


def _table(seen: dict[str, list[tuple[float, float]]]) -> Table:
    head = ("", "CPU us a request", "all logging off", "ratio", "of each round")
    note = f"One INFO record a request and the access log, against none of both, in turn; at most {MOST:.2f} is meant."
    return Table("Logging", head, tuple(_row(page, figures) for page, figures in seen.items()), (note,))


def _row(page: str, figures: list[tuple[float, float]]) -> tuple[str, ...]:
    return (
        f"`{page}`",
        f"{median(on for on, _ in figures):.0f}",
        f"{median(off for _, off in figures):.0f}",
        f"{median(on / off for on, off in figures):.2f}",
        " ".join(f"{on / off:.2f}" for on, off in figures),
    )
