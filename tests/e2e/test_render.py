"""A rendered release, run by the commands of its README alone: plain uWSGI and nginx, and no uncork in sight."""

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.contract.conftest import interpreter
from tests.e2e.state import Reply, Uncork, copied, eventually, free_port, state
from uncork.machine import processes, tools

# A test's machine is slow to start; no reader has a processor to share with a whole suite.
PATIENCE = 20.0


@dataclass(frozen=True)
class Tree:
    """A rendered tree, and who serves from it."""

    uncork: Uncork
    project: Path
    at: Path
    first: dict[str, str] = field(default_factory=dict)

    def render(self, *args: str) -> str:
        done = self.uncork.run("render", str(self.project), "--to", str(self.at), "--port", str(self.port), *args)
        if account := processes.account():
            subprocess.run(("chown", "-R", f"{account.uid}:{account.gid}", str(self.at)), check=True)
        return done.ok().said

    @property
    def port(self) -> int:
        return self.uncork.port

    def digests(self) -> dict[str, str]:
        """Every file that was rendered."""
        kept = ("venv", "logs", "run", "instance", "__pycache__")
        files = (path for path in sorted(self.at.rglob("*")) if path.is_file() and not path.is_symlink())
        named = {str(path.relative_to(self.at)): path for path in files}
        return {n: hashlib.sha256(p.read_bytes()).hexdigest() for n, p in named.items() if n.split("/")[0] not in kept}

    def follow(self, number: int, heading: str) -> None:
        """Type what a block of the README says, the blocks under a heading counted from 0."""
        part = (self.at / "README.md").read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
        block = re.findall(r"(?:^    .*\n)+", part, re.MULTILINE)[number]
        self.type("".join(line[4:] for line in block.splitlines(keepends=True)))

    def type(self, command: str) -> None:
        account = processes.account()
        identity = {"user": account.uid, "group": account.gid, "extra_groups": ()} if account else {}
        path = f"{self.uncork.root / 'bin'}:/usr/bin:/bin:/usr/sbin:/sbin"
        subprocess.run(  # type: ignore[call-overload]
            ("bash", "-euc", command), cwd=self.at, check=True, timeout=120, stdin=subprocess.DEVNULL,
            env={"PATH": path, "HOME": str(self.at), "LANG": "C.UTF-8"}, **identity,
        )  # fmt: skip

    def get(self, path: str = "/") -> Reply | None:
        try:
            return self.uncork.get(path)
        except OSError:
            return None

    def answers(self, text: str) -> bool:
        reply = self.get()
        return reply is not None and text in reply.text

    def process_names(self) -> str:
        """All that runs in the tree."""
        found = (name for name in self.uncork.processes().values() if str(self.at) in name or "nginx" in name)
        return "\n".join(found)


@pytest.fixture(scope="module")
def tree() -> Iterator[Tree]:
    """A tree of `hello`, installed as its README says; `python3.X` and nginx are on the PATH, as on a machine."""
    with state() as uncork:
        made = Tree(uncork, copied("hello", uncork.root / "hello"), uncork.root / "tree")
        made.render()
        made.first.update(made.digests())
        bin_ = uncork.root / "bin"
        bin_.mkdir()
        version = re.search(r"python(3\.\d+) -m venv", (made.at / "README.md").read_text())
        assert version
        (bin_ / f"python{version[1]}").symlink_to(os.path.realpath(interpreter()))
        shutil.copy(tools.nginx(), bin_ / "nginx")
        made.follow(0, "Install")
        yield made
        uncork.run("down")


def test_a_tree_serves_reloads_and_stops_by_the_commands_of_its_readme(tree: Tree) -> None:
    tree.follow(0, "Start, stop, reload")
    try:
        eventually(lambda: tree.answers("text one"), PATIENCE)
        static = tree.get("/static/style.css") or tree.get("/static/")
        assert static
        assert "uncork" not in tree.process_names().replace(str(tree.uncork.root), "")

        source = tree.at / "source" / "app.py"
        source.write_text(source.read_text().replace('TEXT = "one"', 'TEXT = "two"'))
        log = tree.at / "logs" / "server.log"
        eventually(lambda: log.read_text().count("(master-start)") >= 2, PATIENCE)
        tree.follow(2, "Start, stop, reload")
        eventually(lambda: tree.answers("text two"), PATIENCE)
        tree.follow(3, "Start, stop, reload")
        eventually(lambda: tree.answers("text two"), PATIENCE)
        assert '"GET / HTTP/1.1" 200' in (tree.at / "logs" / "access.log").read_text()
    finally:
        tree.follow(1, "Start, stop, reload")
    eventually(lambda: tree.get() is None and not tree.process_names(), PATIENCE)


def test_the_same_input_gives_the_same_bytes_and_nothing_of_a_persons_is_touched(tree: Tree) -> None:
    (tree.at / ".env").write_text('SECRET_KEY="mine"\n')
    (tree.at / "instance").mkdir(exist_ok=True)
    (tree.at / "instance" / "data").write_text("mine")
    (tree.at / "source" / "left.py").write_text("of an older source")
    (tree.at / "venv" / "mine").write_text("mine")
    tree.render()

    assert {**tree.digests(), ".env": ""} == {**tree.first, ".env": ""}
    assert (tree.at / "instance" / "data").read_text() == (tree.at / "venv" / "mine").read_text() == "mine"
    assert (tree.at / ".env").read_text() == 'SECRET_KEY="mine"\n'


def test_another_format_and_a_port_between_front_and_server_are_started_the_same_way(tree: Tree) -> None:
    tree.render("--format", "json", "--socket", f"127.0.0.1:{free_port()}")
    log = tree.at / "logs" / "server.log"
    before = log.read_text().count("(master-start)")
    tree.follow(0, "Start, stop, reload")
    try:
        eventually(lambda: tree.answers("text one"), PATIENCE)
        eventually(lambda: log.read_text().count("(master-start)") == before + 2, PATIENCE)
    finally:
        tree.follow(1, "Start, stop, reload")
    eventually(lambda: tree.get() is None and not tree.process_names(), PATIENCE)


def test_a_folder_with_something_else_in_it_is_left_alone(tree: Tree) -> None:
    mine = tree.uncork.root / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")

    done = tree.uncork.run("render", str(tree.project), "--to", str(mine)).ended(2)

    assert "did not write" in done.said
    assert [path.name for path in mine.iterdir()] == ["thesis.txt"]


def test_what_is_for_windows_has_waitress_and_a_site_for_apache(tree: Tree) -> None:
    to = tree.uncork.root / "windows"
    tree.uncork.run("render", str(tree.project), "--to", str(to), "--for", "windows").ok()

    lock = (to / "requirements.txt").read_text()
    assert "\nwaitress==" in lock
    assert "pyuwsgi" not in lock
    assert "WSGIScriptAlias / C:/apps/hello/run.py" in (to / "httpd.conf").read_text()
    assert not (to / "source" / "instance").is_symlink()


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--for", "windows", "--at", "/srv/shop"), "no whole path"),
        (("--at", "relative"), "no whole path"),
        (("--socket", "8001"), "127.0.0.1:8001"),
        (("--for", "kubernetes"), "kubernetes"),
    ],
)  # fmt: skip
def test_what_can_not_be_rendered_is_said_before_anything_is_written(
    tree: Tree, args: tuple[str, ...], said: str
) -> None:
    to = tree.uncork.root / "nothing"

    assert said in tree.uncork.run("render", str(tree.project), "--to", str(to), *args).ended(2).said
    assert not to.exists()
