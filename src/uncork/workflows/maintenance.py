"""Have the front tell an app's visitors to come again, whatever is deployed, started or stopped meanwhile."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from uncork.app_layout import AppLayout
from uncork.apply import apply
from uncork.config.front import network
from uncork.config.values import ValueRefusedError, shown
from uncork.errors import UsageError
from uncork.layout import Layout
from uncork.machine import files
from uncork.machine.failure import plain
from uncork.model import Facts
from uncork.plan import File, Plan, Remove, Step
from uncork.recipes.front import sites
from uncork.records import encode_maintenance
from uncork.report import Reporter
from uncork.serving import Address, Maintenance
from uncork.workflows.changing import changing
from uncork.workflows.front import serve
from uncork.workflows.work import Work, begin, existing, record

LARGEST: Final = 1024 * 1024
STANDARD_INPUT: Final = "-"


def begin_maintenance(layout: Layout, app: str, page: Path | None, allow: tuple[str, ...], report: Reporter) -> None:
    """Send visitors away until `end_maintenance`, with that page (HTML); `allow` are addresses that get through.

    Raises UsageError, before anything was changed, for a page that can't be read, or an address that is none.
    """
    paths = layout.app(app)
    text = read_page(page) if page else ""
    wanted = Maintenance(str(paths.maintenance_page) if page else "", tuple(_network(one) for one in allow))
    written = File(paths.maintenance_page, text) if page else Remove(paths.maintenance_page)
    mark = File(paths.maintenance, encode_maintenance(wanted), why="send visitors away")
    _change(layout, app, "maintenance on", (written, mark), report)


def end_maintenance(layout: Layout, app: str, report: Reporter) -> None:
    """Let visitors in again."""
    paths = layout.app(app)
    steps = (Remove(paths.maintenance, "let visitors in"), Remove(paths.maintenance_page))
    _change(layout, app, "maintenance off", steps, report)


def _change(layout: Layout, app: str, event: str, steps: tuple[Step, ...], report: Reporter) -> None:
    work = begin(layout, report, app)
    with changing(work, app, event, wake=False) as facts:
        started = time.monotonic()
        release = existing(facts, app)
        with _or_as_before(work, layout.app(app)):
            work.do(*steps)
            _serve(work, facts)
        record(work, app, event, release.id, started)


def _serve(work: Work, facts: Facts) -> None:
    """Have the front do it; one that does not run is at least asked whether it can."""
    address = facts.address or Address()
    if facts.supervising:
        serve(work, address)
    else:
        work.front.files(work.layout, address, sites(work.facts()), work.account)


@contextmanager
def _or_as_before(work: Work, paths: AppLayout) -> Iterator[None]:
    """Put back what was on disk if the front does not take it."""
    names = (paths.maintenance_page, paths.maintenance)
    before = {path: files.read(path) for path in names if path.exists()}
    try:
        yield
    except BaseException:
        back = (File(path, before[path]) if path in before else Remove(path) for path in names)
        apply(Plan(cleanup=tuple(back)), work.account, work.report)
        raise


def _network(said: str) -> str:
    try:
        return network(said)
    except ValueRefusedError:
        raise UsageError(
            f"{shown(said)} is no address", "write one as 192.0.2.7, or a network as 192.0.2.0/24"
        ) from None


def read_page(page: Path) -> str:
    """Return the text of a page; `-` is standard input. Raises UsageError if it can't be read."""
    try:
        text = sys.stdin.buffer.read(LARGEST + 1) if str(page) == STANDARD_INPUT else _beginning(page)
        if len(text) > LARGEST:
            raise UsageError(f"{page} has more than 1 MB", "choose a smaller page; what it shows must be in it")
        return text.decode("utf-8")
    except OSError as error:
        raise UsageError(plain(error, page), "name an HTML file with --page") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{page} is no text in UTF-8", "name an HTML file with --page") from error


def _beginning(page: Path) -> bytes:
    with page.open("rb") as file:
        return file.read(LARGEST + 1)
