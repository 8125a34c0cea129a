"""On one machine two apps with secrets: who may get at what, and who looks after it though it is another's."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.lab.bridge import Lab
from tests.e2e.lab.client import Client
from tests.e2e.lab.client import client as made
from tests.e2e.lab.conftest import booted
from tests.e2e.lab.machines import Machine
from tests.e2e.lab.tree import differences
from tests.e2e.state import copied, eventually, rewrite

# Prints those of the paths on its standard input that who runs it can read, list or speak to.
REACHED: Final = """
import os, socket, stat, sys
for path in sys.stdin.read().splitlines():
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISSOCK(mode):
            socket.socket(socket.AF_UNIX).connect(path)
        elif stat.S_ISDIR(mode):
            os.listdir(path)
        elif stat.S_ISREG(mode):
            open(path, "rb").read(1)
        else:
            os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
    except OSError:
        continue
    print(path)
"""
WRITABLE: Final = """
import os, sys
print(*(path for path in sys.stdin.read().splitlines() if not os.path.islink(path) and os.access(path, os.W_OK)))
"""
# Looks for a text in what every process was started with, but for those of one user.
STARTED_WITH: Final = """
import pathlib, pwd, sys
text, own = sys.argv[1].encode(), pwd.getpwnam(sys.argv[2]).pw_uid
for process in pathlib.Path("/proc").glob("[1-9]*"):
    try:
        if process.stat().st_uid != own and text in (process / "environ").read_bytes():
            print(process)
    except OSError:
        continue
"""
# Holds a lock until it is enough.
HELD: Final = """
import pathlib, sys, time
from uncork.machine.locks import hold
with hold(pathlib.Path(sys.argv[1])):
    while not pathlib.Path("/tmp/enough").exists():
        time.sleep(0.05)
"""
RAISED: Final = 120


@dataclass(frozen=True)
class Served:
    """A machine with `one` and `two` on it, and who deployed them."""

    machine: Machine
    client: Client

    def run(self, *words: str, app: str = "one", stdin: str = "") -> str:
        return self.client.run(*words, "--host", self.machine.name, "--app", app, stdin=stdin).ok().out

    def asked(self, path: str, app: str = "one") -> str:
        """What a visitor sees."""
        return self.machine.sh(f"curl -s --max-time 10 -H 'Host: {app}.example.com' http://localhost{path}")

    def of(self, app: str) -> str:
        """List every path of an app's, on the machine, in a file there."""
        places = ("/var/lib/uncork/apps", "/var/log/uncork/apps", "/run/uncork")
        found = " ".join(f"{place}/{app}" for place in places)
        file = f"/tmp/paths-of-{app}"
        credentials = f"$(find /run/credentials -path '*uncork-{app}@*')"
        self.machine.sh(f"find {found} /var/log/uncork/access/{app}.log {credentials} > {file}")
        return file

    def reached(self, app: str, user: str) -> list[str]:
        """Return what of an app's a user can get at."""
        return self.machine.sh(f"python3 -c '{REACHED}' < {self.of(app)}", user=user).splitlines()


def canary(app: str) -> str:
    return f"canary-of-{app}-4711"


@pytest.fixture(scope="module")
def served(lab: Lab, set_up: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("rights") / "home"
    with booted(lab, set_up) as (machine,), made(lab, home) as client:
        found = Served(machine, client)
        for name in ("one", "two"):
            project = copied("hello", home / name)
            rewrite(project / "pyproject.toml", 'name = "hello"', f'name = "{name}"\ndomains = ["{name}.example.com"]')
            with (project / "pyproject.toml").open("a") as config:
                config.write('[tool.uncork.logging]\nrotate_size = "20k"\n')
            rewrite(
                project / "app.py",
                "app = Flask(__name__)",
                'app = Flask(__name__)\napp.config["MAIL_SERVER"] = "localhost"',
            )
            found.run("config", "set", "CANARY", app=name, stdin=canary(name))
            client.run("deploy", "--host", machine.name, cwd=project).ok()
        yield found


def test_an_app_s_user_gets_at_nothing_of_another_app(served: Served) -> None:
    own = served.reached("one", "uncork-one")
    assert {"/run/uncork/one/1.1/app.sock", "/var/lib/uncork/apps/one/releases/1/run.py"} <= set(own)
    assert not {path for path in own if path.endswith((".env", ".db", "access/one.log"))}

    assert served.reached("two", "uncork-one") == []
    assert served.machine.tried("cat /var/log/uncork/audit.log", user="uncork-one").code != 0
    writable = served.machine.sh(f"python3 -c '{WRITABLE}' < {served.of('one')}", user="uncork-one").split()
    data = re.compile(r"/var/(lib/uncork/apps/one/(shared/instance|alerts)|log/uncork/apps/one)\b|/run/uncork/one/1.1/")
    assert [path for path in writable if not data.match(path)] == []


def test_the_front_gets_at_sources_and_the_socket_but_not_at_logs_data_or_secrets(served: Served) -> None:
    found = served.reached("one", "www-data")

    assert {"/run/uncork/one/1.1/app.sock", "/var/lib/uncork/apps/one/releases/1/source/static/hello.css"} <= set(found)
    hidden = ("/var/log/", "/run/uncork/one/1.1/own", "/run/credentials", "/var/lib/uncork/apps/one/shared/instance")
    assert [path for path in found if path.startswith(hidden) or re.search(r"\.env$|/alerts|/counts", path)] == []


def test_a_secret_is_in_one_file_and_in_the_app_alone(served: Served) -> None:
    machine, text = served.machine, canary("two")
    assert f'"secret":{len(text)}' in served.asked("/about", "two").replace(" ", "")

    assert machine.sh(f"grep -rl {text} /var/lib/uncork").split() == ["/var/lib/uncork/apps/two/shared/.env"]
    assert machine.sh(f"systemctl show '*' --all | grep -c {text} || true").strip() == "0"
    assert machine.sh(f"journalctl --no-pager | grep -c {text} || true").strip() == "0"
    assert machine.sh(f"ps axww | grep {text} | grep -vc grep || true").strip() == "0"
    assert machine.sh(f"python3 -c '{STARTED_WITH}' {text} uncork-two") == ""
    looked = "find /etc /opt /run /tmp /var /dev/shm -xdev -type f -perm -o=r -exec grep -l"
    assert machine.sh(f"{looked} {text} {{}} + || true") == ""


def test_the_agent_counts_and_rotates_for_apps_that_are_other_users(served: Served) -> None:
    machine, logs = served.machine, "/var/log/uncork/apps/one"
    before = served.machine.sh("systemctl show -p NRestarts --value uncork-one@1.service")
    machine.sh(f"for i in $(seq {RAISED}); do curl -s -o /dev/null -H 'Host: one.example.com' localhost/boom; done")

    def counted() -> int:
        errors = json.loads(served.machine.sh("uncork errors --app one --json"))["errors"]
        return sum(int(error["count"]) for error in errors)

    eventually(lambda: counted() == RAISED)
    eventually(lambda: "gz" in machine.sh(f"ls {logs}/server.log-* {logs}/app.log-* || true"), within=20)
    written = machine.sh(f"cat {logs}/*.log {logs}/*.log-*[0-9] 2>/dev/null; zcat {logs}/*.gz")
    assert written.count("RuntimeError: boom with") == RAISED
    assert written.count("answered 500") == RAISED
    assert "boom" in served.run("logs", "-n", "5", "--level", "error")
    assert machine.sh("systemctl show -p NRestarts --value uncork-one@1.service") == before
    assert not re.search("ERROR|Traceback", machine.sh("cat /var/log/uncork/agent.log"))


def test_verbs_do_there_what_they_do_here_and_are_in_the_audit(served: Served) -> None:
    there = ("--host", served.machine.name, "--app", "one")
    ran = served.client.run("run", *there, "--", "sh", "-c", "id -un; echo $CANARY").ok().out
    assert ran.split() == ["uncork-one", canary("one")]
    assert "3 processes" in served.run("scale", "3")
    assert len(json.loads(served.run("status", "--json"))["apps"][0]["workers"]) == 3
    served.run("maintenance", "on")
    assert "503" in served.machine.sh("curl -s -o /dev/null -w '%{http_code}' -H 'Host: one.example.com' localhost")
    served.run("maintenance", "off")
    assert "release 1" in served.asked("/")
    assert "requests" in served.run("report")

    # What set the machine up may have been done from elsewhere.
    told = json.loads(served.machine.sh("uncork audit --app one --json"))["changes"]
    lines = [line for line in told if line["app"]]
    done = [(line["what"], line["result"], line["release"]) for line in lines]
    assert done[:2] == [("config set CANARY", "ok", None), ("up", "ok", 1)]
    assert done[-4:-1] == [("run sh", "begun", 1), ("scale 3", "ok", 1), ("maintenance on", "ok", 1)]
    assert {(line["account"], line["origin"]) for line in lines} == {("deploy", lab_of(served))}
    assert all("@" in line["who"] for line in lines)


def test_who_comes_second_is_told_who_is_at_it_and_since_when(served: Served) -> None:
    lock, machine = "/var/lib/uncork/apps/one/deploy.lock", served.machine
    machine.sh(f"UNCORK_BY=bert@desk,198.51.100.1 /opt/uncork/current/bin/python -c '{HELD}' {lock} > /dev/null 2>&1 &")
    eventually(lambda: "bert" in machine.sh(f"cat {lock}"))

    second = served.client.run("restart", "--host", machine.name, "--app", "one").ended(4)
    machine.sh("touch /tmp/enough")

    assert re.search(r"being changed by bert@desk from 198\.51\.100\.1 with pid \d+, since 20", second.said)
    eventually(lambda: served.client.run("restart", "--host", machine.name, "--app", "one").code == 0)
    last = json.loads(machine.sh("uncork audit --app one --json"))["changes"]
    done = [(line["what"], line["result"]) for line in last]
    assert ("restart", "locked") in done
    assert done[-1] == ("restart", "ok")


def lab_of(served: Served) -> str:
    """The address that the client comes from."""
    return f"{served.machine.address.rpartition('.')[0]}.1"


def test_an_app_that_another_leaves_no_name_for_is_refused_before_anything_is_made_for_it(
    served: Served, tmp_path: Path
) -> None:
    project = copied("hello", tmp_path / "three")
    rewrite(project / "pyproject.toml", 'name = "hello"', 'name = "three"\ndomains = ["two.example.com"]')
    before = served.machine.tree()
    done = served.client.run("deploy", "--host", served.machine.name, cwd=project)
    assert "two.example.com" in done.ended(2).err
    assert "uncork-three" not in served.machine.sh("getent passwd; getent group")
    assert not [line for line in differences(before, served.machine.tree()) if "three" in line]
