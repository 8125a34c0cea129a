"""What a request costs, and how many there can be: uncork, its peers, and the app called in a loop."""

import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Final

from bench import processes, wrk
from bench.machine import median
from bench.stack import Stack
from bench.table import Table

PAGES: Final = {"/": "text", "/json": "JSON", "/page": "template"}
LIMIT: Final = Path(__file__).parent / "limit.py"
LIMIT_NAME: Final = "in-process limit"
SECONDS: Final = 3

# By the stack's name and the page: CPU microseconds a request, and requests a second, one of a round.
Figures = dict[tuple[str, str], list[tuple[float, float]]]


def measure(ours: Stack, peers: tuple[Stack, ...], venv: Path, rounds: int) -> tuple[Table, ...]:
    """Load every page of every stack in turn, some rounds long; `ours` is running already."""
    figures: Figures = defaultdict(list)
    stacks = (ours, *peers)
    try:
        for peer in peers:
            peer.start()
        for page in list(PAGES) * rounds:
            figures[LIMIT_NAME, page].append((limit(stacks[0].project, venv, page), float("nan")))
            for stack in stacks:
                figures[stack.name, page].append(one(stack, page))
    finally:
        for peer in peers:
            peer.stop()
    return tuple(_table(page, stacks, figures, rounds) for page in PAGES)


def one(stack: Stack, page: str) -> tuple[float, float]:
    """CPU microseconds a request of all the stack's processes, and requests a second."""
    wrk.run(stack.url(page), 1)
    roots = stack.roots()
    before = processes.cpu_seconds(roots)
    load = wrk.run(stack.url(page), SECONDS)
    return (processes.cpu_seconds(roots) - before) / load.requests * 1e6, load.rate


def limit(project: Path, venv: Path, page: str) -> float:
    """CPU microseconds a request of the app alone."""
    argv = (str(venv / "bin" / "python"), str(LIMIT), page)
    return float(subprocess.run(argv, cwd=project, capture_output=True, text=True, check=True).stdout)


def _table(page: str, stacks: tuple[Stack, ...], figures: Figures, rounds: int) -> Table:
    head = ("", "CPU us a request", "times the limit", "requests/s", "times Gunicorn sync's", "CPU of each round")
    least = median(cpu for cpu, _ in figures[LIMIT_NAME, page])
    sync = next((stack.name for stack in stacks if "sync" in stack.name), "")
    rate = median(rate for _, rate in figures[sync, page])
    rows = [_row(name, figures[name, page], least, rate) for name in (LIMIT_NAME, *(stack.name for stack in stacks))]
    note = f"Medians of {rounds} rounds, {SECONDS} s of each stack in turn; {wrk.CONNECTIONS} keep-alive connections."
    return Table(f"A request: {PAGES[page]}, `{page}`", head, tuple(rows), (note,))


def _row(name: str, seen: list[tuple[float, float]], least: float, sync: float) -> tuple[str, ...]:
    cpu, rate = median(one for one, _ in seen), median(one for _, one in seen)
    each = " ".join(f"{one:.0f}" for one, _ in seen)
    if name == LIMIT_NAME:
        return (name, f"{cpu:.0f}", "1.00", "", "", each)
    return (name, f"{cpu:.0f}", f"{cpu / least:.2f}", f"{rate:.0f}", f"{rate / sync:.2f}", each)
