"""What systemd has of an app: a service and a socket for the run that is live, sound and hardened, and no more."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.lab.bridge import Lab
from tests.e2e.lab.client import client as made
from tests.e2e.lab.conftest import booted
from tests.e2e.lab.site import Site, site
from tests.e2e.reader import REPOSITORY
from tests.e2e.state import eventually

LIMITS = '\n[tool.uncork.limits]\nmemory = "512M"\ncpu = 0.5\ntasks = 300\n'


@pytest.fixture(scope="module")
def served(lab: Lab, set_up: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One machine with an app of limits on it, in its second release."""
    home = tmp_path_factory.mktemp("units") / "home"
    with booted(lab, set_up) as (machine,), made(lab, home) as client, site(client, machine) as found:
        with (found.project / "pyproject.toml").open("a") as config:
            config.write(LIMITS)
        found.change("two")
        found.deploy().ok()
        yield found


def listed(served: Site) -> list[str]:
    """The unit files of the app, and what of them is started at boot."""
    there = "cd /etc/systemd/system && ls -d uncork-hello@* multi-user.target.wants/uncork-hello@* 2>/dev/null || true"
    return served.machine.sh(there).split()


def test_only_the_run_that_is_live_has_units_and_comes_back_with_the_machine(served: Site) -> None:
    live = served.status()["release"]
    units = [f"uncork-hello@{live}.service", f"uncork-hello@{live}.socket"]
    assert sorted(listed(served)) == sorted((*units, *(f"multi-user.target.wants/{unit}" for unit in units)))
    assert served.machine.sh(f"systemctl is-enabled {' '.join(units)}").split() == ["enabled", "enabled"]
    assert served.units("service") == ["uncork-agent.service", units[0]]


def test_every_unit_is_sound_and_exposes_little(served: Site) -> None:
    for unit in served.units("service"):
        assert served.machine.sh(f"systemd-analyze verify {unit} 2>&1") == ""
        score = served.machine.tried(f"systemd-analyze security --threshold=15 --no-pager {unit}")
        assert score.code == 0, score.out
    assert served.machine.sh("systemd-analyze verify /etc/systemd/system/uncork*.socket 2>&1") == ""


def test_an_app_runs_as_a_user_of_its_own_within_the_limits_of_its_config(served: Site) -> None:
    live = f"uncork-hello@{served.status()['release']}.service"
    told = served.machine.sh(f"systemctl show -p User -p Slice -p MemoryMax -p CPUQuotaPerSecUSec -p TasksMax {live}")
    assert dict(line.split("=", 1) for line in told.splitlines()) == {
        "User": "uncork-hello",
        "Slice": "uncork-hello.slice",
        "MemoryMax": str(512 * 1024**2),
        "CPUQuotaPerSecUSec": "500ms",
        "TasksMax": "300",
    }


def test_who_serves_runs_on_every_core_again_once_it_has_started(served: Site) -> None:
    pids = f"cat /sys/fs/cgroup/$(systemctl show --value -p ControlGroup uncork-hello@{served.status()['release']})"
    cores = served.machine.sh(f"for pid in $({pids}/cgroup.procs); do grep Cpus_allowed_list /proc/$pid/status; done")
    assert len(cores.splitlines()) > 1
    assert {*cores.splitlines()} == {served.machine.sh("grep Cpus_allowed_list /proc/1/status").strip()}


def test_the_commands_of_the_page_about_units_do_what_it_says(served: Site) -> None:
    page = (REPOSITORY / "docs/reference/units.md").read_text()
    status, units, journal = (line.removeprefix("$ ") for line in page.splitlines() if line.startswith("$ "))
    assert "uncork-hello@" in served.machine.sh(status)
    assert "uncork-agent.service" in served.machine.sh(units)
    assert "Listening on uncork-hello@" in served.machine.sh(journal)


def test_after_down_nothing_comes_back_with_the_machine_until_start(served: Site) -> None:
    served.machine.sh("uncork down")
    assert served.units("service") == []
    assert not [name for name in listed(served) if "wants" in name]
    served.machine.sh("uncork start")
    assert served.healthy()
    assert len([name for name in listed(served) if "wants" in name]) == 2


def test_a_destroyed_app_leaves_neither_units_nor_a_user(served: Site) -> None:
    served.run("destroy", "--app", "hello", "--yes").ok()
    assert listed(served) == []
    assert served.units("service") == ["uncork-agent.service"]
    assert served.machine.tried("getent passwd uncork-hello").code != 0
    assert served.machine.tried("getent group uncork-hello").code != 0
    eventually(lambda: not served.machine.sh("ls /run/uncork"))
