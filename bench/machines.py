"""A deploy over SSH to real machines, booted on this computer: from the command to the new release's first answer."""

import http.client
import json
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.e2e.lab import bridge
from tests.e2e.lab.client import Client, client
from tests.e2e.lab.image import image
from tests.e2e.lab.index import index
from tests.e2e.lab.machines import Machine

from bench.machine import median
from bench.stack import APP
from bench.table import Table

NUMBER: Final = 9
COUNT: Final = 3
POLL: Final = 0.01
PATIENCE: Final = 60.0
ONE: Final = "one machine"
THREE: Final = "three machines, --parallel"
OPTIONS: Final[Mapping[str, tuple[str, ...]]] = {ONE: ("--target", "one"), THREE: ("--target", "three", "--parallel")}
HEAD: Final = ("", "new release answers on all, s", "command, s")
TITLE: Final = "A deploy of one changed line over SSH"


@dataclass(frozen=True)
class Seen:
    """A deploy: seconds until the last of its machines answered with the new release, and until the command returned.

    `steps` are the seconds that each step took, on the first of the machines.
    """

    first: float
    command: float
    steps: Mapping[str, float]


def measure(folder: Path, rounds: int) -> tuple[Table, ...]:
    """Deploy warm, again and again, to one machine and to three; they share the cores of this computer."""
    if lacking := bridge.lacks():
        return (Table(TITLE, HEAD, (), (f"Not measured: machines need {lacking}.",)),)
    with _machines(folder) as (machines, user):
        project = _project(folder / "guests", [machine.name for machine in machines])
        user.run("deploy", *OPTIONS[THREE], cwd=project, timeout=300).ok()
        numbers = iter(range(2, 1000))
        _round(user, project, machines, THREE, next(numbers))
        seen = {ONE: [], THREE: []}
        for _ in range(rounds):
            for way, ended in seen.items():
                ended.append(_round(user, project, machines, way, next(numbers)))
    return _whole_table(seen, rounds), _steps_table(seen[ONE])


@contextmanager
def _machines(folder: Path) -> Iterator[tuple[tuple[Machine, ...], Client]]:
    found = image()
    with bridge.lab(NUMBER, found) as lab, index(lab.bridge, found, lab.folder / "www"):
        machines = tuple(lab.begin() for _ in range(COUNT))
        for machine in machines:
            machine.wait()
        with client(lab, folder / "user") as user:
            user.run("server", "setup", *(machine.name for machine in machines), timeout=600).ok()
            yield machines, user


def _project(folder: Path, names: Sequence[str]) -> Path:
    shutil.copytree(APP, folder, ignore=shutil.ignore_patterns("__pycache__"))
    with (folder / "uncork.toml").open("a") as file:
        file.write(f"\n[targets.one]\nhosts = {json.dumps(names[:1])}\n[targets.three]\nhosts = {json.dumps(names)}\n")
    return folder


def _round(user: Client, project: Path, machines: Sequence[Machine], way: str, number: int) -> Seen:
    """Deploy a changed line, and ask the machines all the while."""
    source = (APP / "guests.py").read_text()
    (project / "guests.py").write_text(source.replace("RELEASE = 1", f"RELEASE = {number}"))
    changed = machines if way == THREE else machines[:1]
    begun = time.monotonic()
    with ThreadPoolExecutor(len(changed)) as askers:
        answers = [askers.submit(_answered, machine, number) for machine in changed]
        done = user.run("deploy", *OPTIONS[way], "--json", cwd=project).ok()
        returned = time.monotonic()
        return Seen(max(one.result() for one in answers) - begun, returned - begun, _steps(done.out))


def _answered(machine: Machine, number: int) -> float:
    """When a machine first answered with that release."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if f"release {number}\n" in _asked(machine):
            return time.monotonic()
        time.sleep(POLL)
    raise TimeoutError(f"{machine.name} does not answer with release {number}")


def _asked(machine: Machine) -> str:
    connection = http.client.HTTPConnection(machine.address, 80, timeout=5)
    try:
        connection.request("GET", "/", headers={"Host": machine.name})
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def _steps(printed: str) -> Mapping[str, float]:
    told = json.loads(printed)
    deployed = told["hosts"][0]["deployed"] if "hosts" in told else told
    return dict(deployed["seconds"])


def _whole_table(seen: Mapping[str, Sequence[Seen]], rounds: int) -> Table:
    rows = tuple(
        (way, f"{median(one.first for one in ended):.2f}", f"{median(one.command for one in ended):.2f}")
        for way, ended in seen.items()
    )
    note = (
        f"Medians of {rounds}; the machines share this computer's cores, and the connection is there already. "
        "Less than 2.5 s is meant for one, and less than 1.5 times that for three."
    )
    return Table(TITLE, HEAD, rows, (note,))


def _steps_table(seen: Sequence[Seen]) -> Table:
    names = dict.fromkeys(name for one in seen for name in one.steps)
    times = {name: median(one.steps[name] for one in seen if name in one.steps) for name in names}
    before = sum(seconds for name, seconds in times.items() if not name.startswith(("drain", "stop")))
    rest = median(one.first for one in seen) - before
    rows = (
        ("start, connect, send, begin there", f"{rest:.3f}"),
        *((name, f"{seconds:.3f}") for name, seconds in times.items()),
    )
    return Table("Where a deploy over SSH spends its time", ("step", "seconds"), rows)
