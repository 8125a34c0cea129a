"""Many apps in one state directory, most of them idle: what each costs, and how soon it is there again."""

import http.client
import time
from pathlib import Path
from typing import Final

from tests.load.client import Load, Schedule, Shot

from bench import processes
from bench.machine import free_port, median
from bench.ours import Uncork
from bench.table import Table

IDLE_LINE: Final = 'server = { idle = "3s" }\n'
BUSY: Final = 5
IDLE: Final = 45
FIRST: Final = 5
ASKED: Final = 9
MEGABYTE: Final = 1024 * 1024
PATIENCE: Final = 60.0
RATE: Final = 50.0
IMPORT: Final = "import time; t = time.perf_counter(); import guests; print(time.perf_counter() - t)"


def measure(folder: Path, idle: int = IDLE) -> tuple[Table, ...]:
    """Five apps with all their processes, and as many idle ones as are asked for beside them."""
    ours = Uncork(folder / "hosting", free_port())
    try:
        ours.start()
        for number in range(1, BUSY):
            ours.another(f"busy-{number}")
        projects = [ours.another(f"idle-{number}", IDLE_LINE) for number in range(FIRST)]
        few = _memory(ours)
        projects += [ours.another(f"idle-{number}", IDLE_LINE) for number in range(FIRST, idle)]
        many = _memory(ours)
        imported = median(float(ours.says(IMPORT)) for _ in range(ASKED))
        woken = sorted(_asked(ours, f"idle-{number}") for number in range(ASKED))
        lost, sent, disturbed = _deployed(ours, projects[-1])
    finally:
        ours.stop()
    rows = (
        ("memory for a further idle app (PSS)", f"{(many - few) / (idle - FIRST):.1f} MB"),
        ("first request to an idle one: median", f"{median(woken):.2f} s"),
        ("first request to an idle one: slowest", f"{woken[-1]:.2f} s"),
        ("the app's own import", f"{imported:.2f} s"),
        ("a deploy of one: lost requests of another", f"{lost} of {sent}"),
        ("a deploy of one: other servers that changed", f"{disturbed}"),
    )
    note = "Memory is of all processes: supervisord, the agent, nginx, every server, and what holds their sockets."
    return (Table(f"{BUSY + idle} apps, {idle} of them idle", ("", "measured"), rows, (note,)),)


def _memory(ours: Uncork) -> float:
    """Once all that may be idle is."""
    deadline = time.monotonic() + PATIENCE
    while any(app["state"] != "idle" for app in _apps(ours) if str(app["name"]).startswith("idle-")):
        if time.monotonic() > deadline:
            raise TimeoutError("apps that have nothing to do are not idle")
        time.sleep(1)
    return processes.pss_bytes(ours.roots()) / MEGABYTE


def _apps(ours: Uncork) -> list[dict[str, object]]:
    found = ours.ok("status")["apps"]
    return [dict(app) for app in found] if isinstance(found, list) else []


def _asked(ours: Uncork, name: str) -> float:
    """Seconds until an app, by its name under .localhost, has answered; the processes of another are up by then."""
    time.sleep(1)
    begun = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", ours.port, timeout=PATIENCE)
    connection.request("GET", "/", headers={"Host": f"{name}.localhost"})
    answer = connection.getresponse()
    if answer.status != http.client.OK:
        raise RuntimeError(f"{name} answered {answer.status}")
    answer.read()
    return time.perf_counter() - begun


def _deployed(ours: Uncork, project: Path) -> tuple[int, int, int]:
    """Deploy one app while another is asked, and count what that loses, and whose server became another."""
    before = _servers(ours)
    with Load(Schedule(ours.port, RATE, shots=(Shot(),))) as load:
        ours.ok("up", str(project))
    after = _servers(ours)
    changed = sum(before[name] != after[name] for name in before if name != project.name)
    return len(load.result.failures), load.result.sent, changed


def _servers(ours: Uncork) -> dict[str, object]:
    return {str(app["name"]): (app["release"], app["started"]) for app in _apps(ours)}
