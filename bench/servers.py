"""The servers that uncork can run, each as it comes: what a request costs, how many there can be, and the memory."""

import shutil
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench import processes, serving
from bench.machine import free_port, median
from bench.ours import Uncork
from bench.serving import Figures
from bench.table import Table

MEGABYTE: Final = 1024 * 1024
PAGES: Final = ("/", "/page")


@dataclass(frozen=True)
class Way:
    """A server as one line of config asks for it, and a program that has to be on the machine."""

    name: str
    config: str
    needs: str = ""


WAYS: Final = (
    Way("uWSGI", 'server = "uwsgi"'),
    Way("Gunicorn, sync", 'server = "gunicorn"'),
    Way("Gunicorn, 4 threads", 'server = "gunicorn"\nthreads = 4'),
    Way("Gunicorn, gevent", 'server = {kind = "gunicorn", gevent = 50}'),
    Way("Granian", 'server = "granian"'),
    Way("Waitress, 4 threads", 'server = "waitress"'),
    Way("mod_wsgi, Apache", 'server = "mod_wsgi"', "apache2"),
)


def measure(folder: Path, rounds: int) -> tuple[Table, ...]:
    """Deploy the app once for each, and load them in turn; what the machine has not is left out."""
    path = "/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin"
    ways = [way for way in WAYS if not way.needs or shutil.which(way.needs, path=path)]
    stacks = {way: Uncork(folder / f"server-{at}", free_port(), way.config) for at, way in enumerate(ways)}
    figures: Figures = defaultdict(list)
    try:
        for stack in stacks.values():
            stack.start()
        for page in PAGES * rounds:
            for way, stack in stacks.items():
                figures[way.name, page].append(serving.one(stack, page))
        rows = tuple(_row(way.name, figures, stack) for way, stack in stacks.items())
    finally:
        for stack in stacks.values():
            stack.stop()
    head = ("", "CPU us, `/`", "requests/s, `/`", "CPU us, `/page`", "requests/s, `/page`", "memory, MB")
    note = (
        f"Each deployed by uncork, in a state directory of its own, with the processes that it chooses; "
        f"medians of {rounds} rounds of {serving.SECONDS} s. Memory (PSS) is of all there is, front and agent too."
    )
    return (Table("Servers", head, rows, (note,)),)


def _row(name: str, figures: Figures, stack: Uncork) -> tuple[str, ...]:
    cells = [f"{median(one[at] for one in figures[name, page]):.0f}" for page in PAGES for at in (0, 1)]
    return (name, *cells, f"{processes.pss_bytes(stack.roots()) / MEGABYTE:.0f}")
