"""Three machines behind one address: deploys to all of them or none, whatever becomes of one of them."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import pytest

from tests.e2e.breakage import BREAKAGES, HELD_PORT
from tests.e2e.lab.bridge import Lab
from tests.e2e.lab.client import USER, Client
from tests.e2e.lab.client import client as made
from tests.e2e.lab.conftest import booted
from tests.e2e.lab.machines import Machine
from tests.e2e.state import Done, Json, copied, eventually, rewrite
from tests.load.client import Load, Schedule

PORT: Final = 8080
CONFIG: Final = """
[tool.uncork.targets.production]
hosts = ["{0}", "{1}", "{2}"]
batch = 2
[tool.uncork.targets.production.balancer]
host = "{0}"
port = 8080
"""
HOLD: Final = f"""
import socket, time
s = socket.socket()
s.bind(("127.0.0.1", {HELD_PORT}))
s.listen()
time.sleep(600)
"""
# What a deploy would change, be it only begun; workers write elsewhere.
PLACES: Final = "apps/hello/releases apps/hello/sockets deploys /etc/systemd/system /etc/nginx"
SOURCE: Final = "/var/lib/uncork/apps/hello/releases/{}/source/app.py"
KEPT: Final = "cd /var/lib/uncork/apps/hello; grep -hs '' scale; grep GREETING shared/.env; true"
ENOUGH: Final = "/usr/local/enough"
WAIT: Final = f"""import os, time
while not os.path.exists("{ENOUGH}"):
    time.sleep(0.05)"""
CHANGED: Final = f"cd /var/lib/uncork && find {PLACES} -printf '%p %T@ %l\\n'"
REQUESTS: Final = "/var/log/uncork/access/hello.log*"
WORKERS: Final = "pgrep --parent $(cat /run/nginx.pid)"


@dataclass
class Behind:
    """The app `hello` on machines behind a balancer on the first of them."""

    client: Client
    machines: tuple[Machine, ...]
    project: Path
    text: str = "one"

    def run(self, *args: str) -> Done:
        return self.client.run(*args, cwd=self.project)

    def deploy(self, text: str, *options: str) -> Json:
        """Deploy the app with another text, and return what is told of each machine."""
        rewrite(self.project / "app.py", f'"{self.text}"', f'"{text}"')
        self.text = text
        done = self.run("--json", "deploy", *options)
        assert '"hosts"' in done.out, done.said
        return cast("Json", json.loads(done.out))

    def deploy_until(self, text: str, said: str, then: Callable[[], None]) -> str:
        """Deploy the app with another text, do something once that is said, and return all that is said."""
        rewrite(self.project / "app.py", f'"{self.text}"', f'"{text}"')
        self.text = text
        return self.until("deploy", said, then)

    def until(self, verb: str, said: str, then: Callable[[], None]) -> str:
        """Run a verb, do something once that is said, and return all that is said."""
        going = self.client.begin(verb, cwd=self.project)
        assert going.stdout
        lines = []
        for line in going.stdout:
            lines.append(line)
            if said in line:
                then()
                said = "\0"
        _, errors = going.communicate()
        return "".join(lines) + errors

    def load(self, rate: float) -> Load:
        return Load(Schedule(PORT, rate, host=self.machines[0].address, name=self.machines[0].address))

    def releases(self) -> set[tuple[str, int]]:
        """Which releases answer there, of many requests."""
        with self.load(100) as load:
            time.sleep(0.5)
        assert not load.result.failures
        return set(load.result.releases)


def live(machine: Machine) -> int:
    """The number of the release that serves there."""
    return int(json.loads(machine.sh("uncork status --json"))["apps"][0]["release"])


def requests(machine: Machine) -> int:
    """How many requests have come there; nginx writes them down within a second."""
    time.sleep(1.2)
    return int(machine.sh(f"cat {REQUESTS} | wc -l"))


def states(told: Json) -> list[object]:
    return [cast("Json", one)["state"] for one in cast("list[object]", told["hosts"])]


@pytest.fixture(scope="module")
def behind(lab: Lab, set_up: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    home = tmp_path_factory.mktemp("several") / "home"
    with booted(lab, set_up, count=3) as machines, made(lab, home) as client:
        project = copied("hello", home / "hello")
        config = project / "pyproject.toml"
        config.write_text(CONFIG.format(*(machine.name for machine in machines)) + config.read_text())
        found = Behind(client, machines, project)
        assert states(found.deploy("two")) == ["new", "new", "new"]
        yield found


def test_ten_deploys_with_a_host_cut_off_in_the_middle_lose_no_request_of_the_others(
    behind: Behind, figures: Callable[[str], None]
) -> None:
    first, *_, third = behind.machines
    workers = first.sh(WORKERS)
    with behind.load(200) as load:
        for number in range(3):
            assert states(behind.deploy(f"a{number}")) == ["new", "new", "new"]
        said = behind.deploy_until("cut", f"{third.name}: ", third.cut)
        cut = time.monotonic()
        assert "went back to what it served" in said
        for number in range(2):
            assert states(behind.deploy(f"b{number}", "--only", "s1", "--only", "s2")) == ["new", "new"]
        third.join()
        for number in range(4):
            eventually(lambda: behind.run("version", "--host", third.name).code == 0, within=30)
            assert states(behind.deploy(f"c{number}")) == ["new", "new", "new"]
    figures(f"10 deploys to three machines, one of them cut off meanwhile: {load.result}")
    assert [failure for failure in load.result.failures if not cut - 1 < failure.due < cut + 1] == []
    assert first.sh(WORKERS) == workers, "the balancer's nginx was reloaded, which may close connections in use"


def test_a_release_that_the_first_machine_refuses_never_gets_to_the_others(behind: Behind) -> None:
    first, *others = behind.machines
    good = {path: path.read_text() for path in behind.project.glob("*.*")}
    first.sh(f"setsid python3 -c '{HOLD}' >/dev/null 2>&1 &")
    before = [set(machine.sh(CHANGED).splitlines()) for machine in others]
    with behind.load(50) as load:
        for breakage in BREAKAGES:
            breakage.break_it(behind.project)
            last = len((behind.project / "app.py").read_text().splitlines())
            done = behind.run("deploy").ended(3)
            for path, text in good.items():
                path.write_text(text)
            for text in breakage.says:
                assert text.format(last=last) in done.said, breakage.name
            assert "was left as it is" in done.said
    assert not load.result.failures
    after = [set(machine.sh(CHANGED).splitlines()) for machine in others]
    assert [sorted(new ^ old) for new, old in zip(after, before, strict=True)] == [[], []]


VERBS: Final = (("rollback",), ("scale", "3"), ("config", "set", "GREETING=hello", "--restart"))


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb[0])
def test_a_machine_where_a_verb_fails_has_the_others_taken_back(behind: Behind, verb: tuple[str, ...]) -> None:
    for text in ("older", "newer") if verb[0] == "rollback" else ():
        behind.deploy(text)
    *_, third = behind.machines
    before, kept = behind.releases(), [machine.sh(KEPT) for machine in behind.machines]
    source = SOURCE.format(live(third) - (verb[0] == "rollback"))
    third.sh(f"cp -p {source} /root/good.py; echo 'raise SystemExit(1)' > {source}")
    with behind.load(100) as load:
        done = behind.run("--json", *verb)
    third.sh(f"cp -p /root/good.py {source}")
    assert (done.code, states(json.loads(done.out))) == (3, ["back", "back", "refused"]), done.said
    assert not load.result.failures
    assert behind.releases() == before
    assert [machine.sh(KEPT) for machine in behind.machines] == kept
    done = behind.run("--json", *verb)
    assert states(json.loads(done.ok().out)) == ["new", "new", "new"]
    assert all((machine.sh(KEPT) == kept[0]) == (verb[0] == "rollback") for machine in behind.machines)


def test_a_machine_gets_no_request_while_a_verb_changes_it_and_if_it_is_lost_until_a_deploy(behind: Behind) -> None:
    first, *_, third = behind.machines
    workers, source, seen = first.sh(WORKERS), SOURCE.format(live(third)), []
    third.sh(f"cp -p {source} /root/good.py; (echo '{WAIT}'; cat /root/good.py) > {source}")

    def lose() -> None:
        seen.extend(requests(third) for _ in range(2))
        third.sh(f"pkill -u {USER} sshd; touch {ENOUGH}; cp -p /root/good.py {source}")

    with behind.load(100) as load:
        said = behind.until("restart", f"{third.name}: ", lose)
        assert "was cut off" in said
        assert said.count("went back to what it served") == 2
        eventually(lambda: behind.run("restart").code == 0, within=30)
        seen.append(requests(third))
        assert f"sends nothing to {third.name} until a deploy to it" in first.sh("uncork status")
        assert states(behind.deploy("found")) == ["new", "new", "new"]
        assert requests(third) > seen[0]
    assert len({*seen}) == 1, seen
    assert not load.result.failures
    assert first.sh(WORKERS) == workers
