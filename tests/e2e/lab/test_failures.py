"""What a machine goes through, under load where visitors could notice: all is well again within 30 seconds."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.lab import clock
from tests.e2e.lab.bridge import Lab
from tests.e2e.lab.client import client as made
from tests.e2e.lab.conftest import booted
from tests.e2e.lab.machines import Machine
from tests.e2e.lab.site import SOON, Site, site
from tests.e2e.state import eventually

Figures = Callable[[str], None]
# Some releases and their environment fit on it; it is in memory.
DISK: Final = "500m"
DAY: Final = 86_400


@pytest.fixture(scope="module")
def served(lab: Lab, set_up: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One machine that serves, for all that happens to it."""
    home = tmp_path_factory.mktemp("failures") / "home"
    with booted(lab, set_up, disk=DISK) as (machine,), made(lab, home) as client, site(client, machine) as found:
        yield found


def test_whichever_units_process_is_killed_it_is_back_and_no_queued_connection_is_lost(
    served: Site, figures: Figures
) -> None:
    for unit in (*served.units(), "nginx.service"):
        before = served.machine.sh(f"systemctl show --property MainPID --value {unit}").strip()
        with served.load(100) as load:
            moment = time.monotonic()
            served.machine.sh(f"kill -9 {before}")
            eventually(lambda: _main(served, unit) not in {"0", before}, SOON)  # noqa: B023
            served.well(moment)
            time.sleep(1)
        recovered = load.result.recovered(moment)
        figures(f"{unit}: main process killed: {load.result}; whole again after {recovered:.2f} s")
        assert recovered < SOON
        # Those whose connection waited at the socket were answered: only what was under way is lost.
        assert len(load.result.failures) <= (5 if unit != "nginx.service" else 400), load.result
    assert served.run("status").code == 0


@contextmanager
def full_disk(machine: Machine) -> Iterator[None]:
    """Not a byte is left on the disk of a machine."""
    machine.tried("cat /dev/zero > /var/filler")
    try:
        yield
    finally:
        machine.sh("rm /var/filler")


def _main(served: Site, unit: str) -> str:
    return served.machine.sh(f"systemctl show --property MainPID --value {unit}").strip()


def test_without_the_agent_visitors_are_answered_and_deploys_go_on(served: Site) -> None:
    served.machine.sh("systemctl stop uncork-agent.service")
    with served.load() as load:
        served.change("without the agent")
        served.deploy().ok()
    assert not load.result.failures, load.result
    assert served.healthy()
    served.machine.sh("systemctl start uncork-agent.service")


def test_an_nginx_that_is_restarted_serves_again_at_once(served: Site, figures: Figures) -> None:
    with served.load() as load:
        moment = time.monotonic()
        served.machine.sh("systemctl restart nginx.service")
        served.well(moment)
    recovered = load.result.recovered(moment)
    figures(f"nginx restarted: {load.result}; whole again after {recovered:.2f} s")
    assert recovered < 5


def test_on_a_full_disk_visitors_are_answered_and_a_deploy_says_why_it_failed(served: Site) -> None:
    with full_disk(served.machine), served.load(100) as load:
        served.change("too much")
        refused = served.deploy()
        assert refused.code in {1, 3}, refused.said
        assert re.search("no space left|free some space", refused.said, re.IGNORECASE), refused.said
        assert "Traceback" not in refused.said
        assert served.healthy()
    assert not load.result.failures, load.result
    served.change("room again")
    served.deploy().ok()
    assert served.healthy()


def test_a_clock_that_is_turned_a_day_on_and_back_disturbs_nobody(served: Site, figures: Figures) -> None:
    with clock.own(served.machine):
        for unit in (*served.units(), "nginx.service"):
            served.machine.sh(f"systemctl restart {unit}")
        served.well(time.monotonic())
        with served.load(100) as load:
            for offset in (DAY, -DAY, 0):
                clock.turn(served.machine, offset)
                assert served.healthy()
                served.change(f"{offset} seconds off")
                served.deploy().ok()
                assert served.healthy()
    figures(f"clock a day on, a day back, with a deploy at each: {load.result}")
    assert not load.result.failures, load.result
    served.run("status").ok()


def test_after_a_reboot_it_serves_what_it_served(served: Site, figures: Figures) -> None:
    moment = time.monotonic()
    network = served.machine.reboot()
    well = served.well(moment)
    figures(f"reboot: SSH answers after {network:.1f} s, the app after {well:.1f} s")
    assert well - network < SOON
    eventually(lambda: served.status()["state"] == "running", SOON)
    assert "failed" not in served.machine.sh("systemctl --failed --no-legend")
    served.change("after the reboot")
    served.deploy().ok()
    assert served.healthy()
