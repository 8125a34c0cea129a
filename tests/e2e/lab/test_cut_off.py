"""Deploys whose connection is lost: the machine knows what to do by itself."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.lab import visitor
from tests.e2e.lab.bridge import Lab
from tests.e2e.lab.client import client as made
from tests.e2e.lab.conftest import booted
from tests.e2e.lab.machines import Machine
from tests.e2e.lab.site import Site, site
from tests.e2e.state import eventually

MOMENTS: Final = (
    "send what s1 lacks",
    "copy the source",
    "compile the source",
    "import the app",
    "start the server",
    "boot it",
    "check its health",
    "warm it up",
    "switch",
    "drain the server",
)

UNDER_WAY: Final = """cd /var/lib/uncork/deploys
for told in *.jsonl; do
  flock -n -s $told true || ! grep -q began $told || grep -qE '^."(deployed|error)' $told || exit 1
done"""


def test_a_deploy_that_is_cut_off_anywhere_ends_well_and_the_next_one_works_at_once(served: Site) -> None:
    machine = served.machine
    with visited(machine):
        for number, moment in enumerate(MOMENTS, 2):
            before = served.text
            served.change(f"number {number}")
            (served.project / "large.bin").write_bytes(os.urandom(10_000_000 if number == 2 else 10))
            deploy = begun(served, moment)
            if number % 2:
                cut_cable(served, deploy)
            else:
                kill(deploy)
            alone(machine)
            assert said(machine) in {before, served.text}
            machine.join()
        done = served.deploy()
        assert done.code == 0, done.said
        assert "lost its connection" in done.said
        assert said(machine) == served.text
        assert "lost its connection" not in served.run("status").out
        assert len([unit for unit in served.units() if "@" in unit]) == 1


def test_who_lost_the_connection_is_told_so_and_status_tells_what_came_of_it(served: Site) -> None:
    served.change("lost")
    deploy = begun(served, "import the app")
    served.machine.cut()
    _, err = deploy.communicate(timeout=30)
    assert deploy.returncode == 1
    assert "the connection was lost" in err
    assert f"uncork status --host {served.machine.name}" in err
    alone(served.machine)
    served.machine.join()
    told = served.run("status").out
    assert re.search(r"the deploy of hello by .*, lost its connection and went on: release \d+ took over", told), told
    assert said(served.machine) == "lost"


def test_of_two_who_deploy_at_once_one_wins_and_the_other_hears_who_and_since_when(served: Site) -> None:
    enough = "/usr/local/enough"
    served.change("two")
    source = served.project / "app.py"
    text = source.read_text()
    source.write_text(f"import os, time\nwhile not os.path.exists('{enough}'):\n    time.sleep(0.05)\n{text}")
    deploy = begun(served, "import the app")
    other = served.deploy().ended(4)
    served.machine.sh(f"touch {enough}")
    source.write_text(text)
    assert re.search(r"being changed by \S+@\S+.* since 2\d\d\d-\d\d-\d\dT", other.err), other.err
    assert deploy.wait(timeout=60) == 0
    assert said(served.machine) == "two"


def test_ctrl_c_takes_a_deploy_back(served: Site) -> None:
    before = served.text
    served.change("never")
    deploy = begun(served, "import the app")
    os.killpg(deploy.pid, signal.SIGINT)
    assert deploy.wait(timeout=60) == 130
    alone(served.machine)
    assert said(served.machine) == before
    served.deploy().ok()


def test_a_push_is_a_deploy_and_is_refused_if_that_is(served: Site) -> None:
    served.machine.sh("apt-get install -qy --no-install-recommends git", timeout=120)
    git = Git(served)
    git("init", "--quiet", "--initial-branch=main")
    served.change("pushed")
    git("add", "app.py", "requirements.txt", "pyproject.toml", "static")
    git("commit", "--quiet", "--message=one")
    url = served.client.run("server", "git-remote", served.machine.name, cwd=served.project).ok().out.strip()
    git("remote", "add", "live", url)
    assert "remote: warm it up" in git("push", "live", "main")
    assert said(served.machine) == "pushed"
    assert "is kept" in git("push", "live", "main:other")
    with (served.project / "app.py").open("a") as source:
        source.write("import nothing_of_that_name\n")
    git("commit", "--quiet", "--all", "--message=broken")
    assert "nothing_of_that_name" in git("push", "live", "main", code=1)
    assert said(served.machine) == "pushed"
    git("reset", "--quiet", "--hard", "HEAD^")
    assert "lost its connection" not in served.run("status").out
    served.run("destroy", "--yes").ok()
    assert "does not appear to be a git repository" in git("push", "live", "main:again", code=128)


class Git:
    """Git in the project, as whoever deploys it."""

    def __init__(self, served: Site) -> None:
        self._served = served

    def __call__(self, *words: str, code: int = 0) -> str:
        """Run it, and return all that it said."""
        who = ("-c", "user.name=Anna", "-c", "user.email=anna@example.com")
        done = subprocess.run(
            ("git", *who, *words), cwd=self._served.project, env=self._served.client.environment(),
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == code, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr


def begun(served: Site, moment: str) -> "subprocess.Popen[str]":
    """A deploy that is just at that step, by what it tells."""
    deploy = served.client.begin("deploy", *served.host, cwd=served.project)
    assert deploy.stdout
    told = ""
    while f"{moment} ..." not in told:
        part = os.read(deploy.stdout.fileno(), 4096).decode()
        assert part, f"{told}\n{deploy.communicate()}"
        told += part
    return deploy


def cut_cable(served: Site, deploy: "subprocess.Popen[str]") -> None:
    """Nothing that the client says gets there any more, not even that it is gone."""
    served.machine.cut()
    kill(deploy)
    for pid in served.client.processes():
        os.kill(pid, signal.SIGKILL)


def kill(deploy: "subprocess.Popen[str]") -> None:
    os.killpg(deploy.pid, signal.SIGKILL)
    deploy.communicate()


def alone(machine: Machine) -> None:
    """Wait until no deploy goes on there; who has not sent all of a source changes nothing."""
    eventually(lambda: machine.tried(UNDER_WAY).code == 0, within=60)


def said(machine: Machine) -> str:
    """What visitors are told there."""
    page = machine.sh(f"curl -sf -H 'Host: {machine.name}' http://127.0.0.1/")
    return page.split("text ")[1].split(" \n")[0].strip()


@contextmanager
def visited(machine: Machine) -> Iterator[None]:
    """Have the site asked for all the while, from the machine itself; every request has to be answered."""
    (machine.root / "visitor.py").write_text(Path(visitor.__file__).read_text())
    machine.sh(f"systemd-run --quiet --unit=visitor python3 /visitor.py {machine.name}")
    yield
    machine.sh("systemctl stop visitor")
    seen = json.loads(machine.sh(f"cat {visitor.COUNTED}"))
    assert list(seen) == ["200"], seen
    assert seen["200"] > 100


@pytest.fixture(scope="module")
def site_of_module(lab: Lab, set_up: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("anna") / "home"
    with booted(lab, set_up) as (machine,), made(lab, home) as client, site(client, machine) as served:
        yield served


@pytest.fixture
def served(site_of_module: Site) -> Iterator[Site]:
    """The site, whose cable is plugged in at the end, whatever a test has done."""
    yield site_of_module
    site_of_module.machine.join()
