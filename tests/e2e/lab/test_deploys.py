"""Deploy after deploy to a machine that is visited all the while, good ones and broken ones."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.breakage import BREAKAGES, HELD_PORT
from tests.e2e.lab.bridge import Lab
from tests.e2e.lab.client import client as made
from tests.e2e.lab.conftest import booted
from tests.e2e.lab.site import Site, site

DEPLOYS: Final = 20
HOLDER: Final = f"import socket, time; s = socket.create_server(('127.0.0.1', {HELD_PORT})); time.sleep(600)"


@pytest.fixture(scope="module")
def served(lab: Lab, set_up: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One machine that serves, for all that is deployed to it."""
    home = tmp_path_factory.mktemp("deploys") / "home"
    with booted(lab, set_up) as (machine,), made(lab, home) as client, site(client, machine) as found:
        yield found


def test_twenty_deploys_under_load_lose_no_request_and_leave_no_old_answer(
    served: Site, figures: Callable[[str], None]
) -> None:
    ended: dict[int, float] = {}
    began = time.monotonic()
    with served.load(200) as load:
        for number in range(2, DEPLOYS + 2):
            served.change(f"number {number}")
            served.deploy().ok()
            ended[number] = time.monotonic()
        time.sleep(1)
    took = (ended[DEPLOYS + 1] - began) / DEPLOYS
    figures(f"{DEPLOYS} deploys to a machine, {took:.2f} s each: {load.result}")
    assert not load.result.failures
    assert set(load.result.releases) == set(range(1, DEPLOYS + 2))
    for number, moment in ended.items():
        assert not load.result.stale(number, after=moment)
    assert len([unit for unit in served.units() if "@" in unit]) == 1


def test_each_kind_of_broken_release_is_refused_with_its_cause_and_nobody_notices(
    served: Site, figures: Callable[[str], None]
) -> None:
    served.machine.sh(f'systemd-run --quiet --unit=holder /usr/bin/python3 -c "{HOLDER}"')
    units, good = served.units(), served.client.home / "good"
    shutil.copytree(served.project, good)
    with served.load(100) as load:
        for breakage in BREAKAGES:
            shutil.rmtree(served.project)
            shutil.copytree(good, served.project)
            breakage.break_it(served.project)
            last = len((served.project / "app.py").read_text().splitlines())
            done = served.deploy()
            assert done.code == 3, (breakage.name, done.said)
            for text in breakage.says:
                assert text.replace("{last}", str(last)) in done.said, (breakage.name, done.said)
            assert served.healthy(), breakage.name
            assert served.units() == units, breakage.name
    figures(f"{len(BREAKAGES)} broken releases on a machine: {load.result}")
    assert not load.result.failures, load.result
