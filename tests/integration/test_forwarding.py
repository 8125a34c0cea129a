"""Verbs on the machines of a target: an `ssh` of ours leads to state directories of this machine."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from uncork.errors import ExitCode

CONFIG = """
name = "shop"
[targets.production]
hosts = ["deploy@web1", "deploy@web2"]
[targets.local]
port = 9000
"""
SSH = """#!/bin/sh
# Takes the machine and the command, the last of its words, as ssh would; the machine is a folder.
for word; do before=$last; last=$word; [ "$word" = -O ] && exit 255; done
machine="{machines}/${{before#deploy@}}"
[ -d "$machine" ] || {{ echo "ssh: Could not resolve hostname $before" >&2; exit 255; }}
export UNCORK_HOME="$machine" SSH_CONNECTION="192.0.2.7 1 192.0.2.1 22"
[ -e "$machine/slow" ] && sleep 0.5
exec sh -c "$last"
"""
SUDO = '#!/bin/sh\nshift 2\nexec "$@"\n'
UNCORK = """
import sys
import uncork.remote.ssh
from uncork.cli import main
uncork.remote.ssh.UNCORK = sys.argv.pop(1)
sys.exit(main(sys.argv[1:]))
"""


class Machines:
    """The machines web1 and web2, and a project that has them as its target."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.project = folder / "project"
        self.project.mkdir()
        (self.project / "uncork.toml").write_text(CONFIG)
        for name in ("web1", "web2"):
            (folder / "machines" / name).mkdir(parents=True)
        self._program("ssh", SSH.format(machines=folder / "machines"))
        self._program("sudo", SUDO)
        self.there = self._program("uncork", f'#!/bin/sh\nshift 2\nexec {sys.executable} -m uncork "$@"\n')

    def _program(self, name: str, text: str) -> Path:
        path = self.folder / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        return path

    def __call__(self, *words: str, stdin: str = "", folder: Path | None = None) -> "subprocess.CompletedProcess[str]":
        env = {**os.environ, "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "UNCORK_HOME": str(self.home)}
        argv = (sys.executable, "-c", UNCORK, str(self.there), *words)
        where = folder or self.project
        return subprocess.run(argv, cwd=where, env=env, input=stdin, capture_output=True, text=True, check=False)

    def refuse(self, said: str) -> None:
        """Have sudo let nobody run anything, and nobody be root."""
        self._program("id", "#!/bin/sh\necho 1000\n")
        self._program("sudo", f"#!/bin/sh\necho {said!r} >&2\nexit 1\n")

    @property
    def home(self) -> Path:
        return self.folder / "machines" / "here"

    def log(self, machine: str, *lines: str) -> None:
        path = self.folder / "machines" / machine / "apps" / "shop" / "logs" / "app.log"
        path.parent.mkdir(parents=True)
        path.write_text("".join(f"{line}\n" for line in lines))


@pytest.fixture
def uncork(tmp_path: Path) -> Machines:
    return Machines(tmp_path)


def test_a_value_is_set_on_every_machine_of_the_only_target_and_on_no_other(uncork: Machines) -> None:
    done = uncork("config", "set", "KEY=a 'b' $c", "NEXT=two\nlines")

    assert (done.returncode, done.stderr) == (0, "")
    assert "deploy@web1:\nshop has KEY, NEXT changed from its next release on" in done.stdout
    for host in ("web1", "web2"):
        assert uncork("config", "get", "KEY", "--host", host).stdout == "a 'b' $c\n"
        assert uncork("config", "get", "NEXT", "--host", host).stdout == "two\nlines\n"
    assert uncork("config", "list", "-t", "local").stdout == ""


def test_json_of_several_machines_is_one_object(uncork: Machines) -> None:
    uncork("config", "set", "KEY=1", "--host", "web2")

    done = uncork("--json", "config", "get", "KEY")

    found = json.loads(done.stdout)
    missing = {"problem": "shop has no value KEY", "fix": "there are: none", "code": 2}
    assert done.returncode == 2
    assert found == {
        "schema": 1,
        "hosts": [
            {"host": "deploy@web1", "code": 2, "error": missing},
            {"host": "deploy@web2", "code": 0, "app": "shop", "name": "KEY", "value": "1"},
        ],
    }


def test_a_machine_that_is_not_there_is_told_beside_what_the_others_say(uncork: Machines) -> None:
    (uncork.folder / "machines" / "web1").rmdir()

    done = uncork("config", "set", "KEY=1")

    assert done.returncode == 2
    assert "deploy@web1 has no address: nobody knows that name" in done.stderr
    assert "deploy@web2:\nshop has KEY changed" in done.stdout


def test_logs_of_machines_are_merged_by_time_with_the_machine_as_a_column(uncork: Machines) -> None:
    uncork.log("web1", "2026-01-01T00:00:01.000Z INFO a: one", "2026-01-01T00:00:03.000Z INFO a: three", "  more")
    uncork.log("web2", "2026-01-01T00:00:02.000Z INFO a: two", "2026-01-01T00:00:04.000Z INFO a: four")

    done = uncork("logs", "-n", "3", "--grep", "a: [twf]")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "web2 | 2026-01-01T00:00:02.000Z INFO a: two",
        "web1 | 2026-01-01T00:00:03.000Z INFO a: three",
        "web1 |   more",
        "web2 | 2026-01-01T00:00:04.000Z INFO a: four",
    ]
    alone = json.loads(uncork("logs", "-n1", "--json", "--host", "deploy@web1").stdout)
    assert (alone["host"], alone["app"], alone["text"].split()[-1]) == ("web1", "shop", "more")


def test_logs_are_followed_until_nobody_listens(uncork: Machines) -> None:
    uncork.log("web1", "2026-01-01T00:00:01.000Z INFO a: one")
    uncork.log("web2", "2026-01-01T00:00:02.000Z INFO a: two")
    env = {**os.environ, "PATH": f"{uncork.folder / 'bin'}:{os.environ['PATH']}"}
    argv = (sys.executable, "-c", UNCORK, str(uncork.there), "logs", "-f")
    with subprocess.Popen(argv, cwd=uncork.project, env=env, stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout
        assert following.stdout.readline() == "web1 | 2026-01-01T00:00:01.000Z INFO a: one\n"
        assert following.stdout.readline() == "web2 | 2026-01-01T00:00:02.000Z INFO a: two\n"
        with (uncork.folder / "machines/web1/apps/shop/logs/app.log").open("a") as log:
            log.write("2026-01-01T00:00:03.000Z INFO a: three\n")
        assert following.stdout.readline() == "web1 | 2026-01-01T00:00:03.000Z INFO a: three\n"
        following.terminate()
        assert following.wait(10) == 130


def test_a_target_must_be_named_where_there_are_two(uncork: Machines) -> None:
    (uncork.project / "uncork.toml").write_text(CONFIG + '[targets.staging]\nhosts = ["web2"]\n')

    done = uncork("status")

    assert done.returncode == 2
    assert "the project has several targets: production, staging" in done.stderr
    assert "-t production; -t local is this machine" in done.stderr
    assert uncork("status", "-t", "staging").stdout.startswith("nothing is deployed")  # one machine needs no heading


def test_a_machine_without_uncork_is_told_how_to_get_it(uncork: Machines) -> None:
    uncork.there.unlink()

    done = uncork("status", "--host", "web1")

    assert done.returncode == 1
    assert "deploy@web1 is not set up for serving" in done.stderr
    assert "uncork server setup deploy@web1" in done.stderr


@pytest.mark.parametrize("verb", ["up", "plan", "lock"])
def test_a_verb_for_this_machine_alone_says_so(uncork: Machines, verb: str) -> None:
    done = uncork(verb, "-t", "production")

    assert done.returncode == 2
    assert f"`uncork {verb}` is for this machine alone" in done.stderr


def test_destroying_is_asked_for_once_and_here(uncork: Machines) -> None:
    done = uncork("destroy")

    assert done.returncode == 2
    assert "this removes shop with its data, and nobody is there to be asked" in done.stderr


@pytest.mark.parametrize("where", [("-t", "production"), ("--host", "deploy@web1", "--host", "deploy@web2")])
def test_machines_go_down_only_where_it_was_meant(uncork: Machines, where: tuple[str, ...]) -> None:
    asked = uncork("down", *where)
    meant = uncork("down", *where, "--yes")

    assert asked.returncode == 2
    assert "this stops every app on deploy@web1, deploy@web2, and nobody is there to be asked" in asked.stderr
    assert meant.returncode == 0
    assert meant.stdout.count("is down; releases and data are kept") == 2
    assert uncork("down").stdout.startswith(f"everything in {uncork.home} is down")


def test_a_state_directory_that_is_named_is_this_machines(uncork: Machines, tmp_path: Path) -> None:
    done = uncork("status", "--home", str(tmp_path / "home"))

    assert done.stdout.startswith(f"nothing is deployed in {tmp_path / 'home'}")


@pytest.mark.parametrize("words", [("status",), ("logs", "-n", "1"), ("config", "set", "A=1")])
def test_who_may_not_be_root_there_is_told_what_to_do(uncork: Machines, words: tuple[str, ...]) -> None:
    uncork.refuse("sudo: a password is required")
    done = uncork(*words, "-t", "production")
    assert done.returncode == ExitCode.USAGE
    assert "deploy@web1: sudo does not let us run commands as root without a password" in done.stderr
    assert "/etc/sudoers.d" in done.stderr


def test_what_machines_say_is_in_the_order_of_the_target(uncork: Machines) -> None:
    (uncork.folder / "machines" / "web1" / "slow").touch()
    said = uncork("version", "-t", "production").stdout
    assert said.index("web1:") < said.index("web2:")


@pytest.mark.parametrize("config", [CONFIG, ""])
def test_a_machine_of_no_target_is_told_of_the_project_that_it_is_called_in(uncork: Machines, config: str) -> None:
    (uncork.folder / "machines" / "web3").mkdir()
    (uncork.project / "uncork.toml").unlink()
    (uncork.project / ("uncork.toml" if config else "app.py")).write_text(config)

    done = uncork("config", "set", "KEY=1", "--host", "web3")
    assert done.stdout.startswith(f"{'shop' if config else uncork.project.name} has KEY changed")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--host", "web1", "--only", "web2"), "both --host and --only say which machines"),
        (("--only", "web3"), "web3: no target has all of these"),
    ],
)
def test_some_machines_are_some_of_the_targets(uncork: Machines, words: tuple[str, ...], problem: str) -> None:
    done = uncork("deploy", *words)

    assert done.returncode == ExitCode.USAGE
    assert problem in done.stderr


def test_an_option_with_no_long_name_goes_along(uncork: Machines) -> None:
    done = uncork("audit", "-n", "2", "-t", "production")

    assert "Invalid value" not in done.stderr


def test_no_machine_goes_back_where_one_could_not(uncork: Machines) -> None:
    done = uncork("rollback", "7")

    assert (done.returncode, done.stdout) == (ExitCode.USAGE, "")
    assert "error: deploy@web1: there is no app 'shop' here" in done.stderr
    assert "no machine was changed" in done.stderr
