"""The commands in the documentation, run from top to bottom as a reader would (CONTRIBUTING.md says by which rules)."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.state import EXAMPLES, Uncork, eventually, free_port

REPOSITORY = Path(__file__).parents[2]
HOW_TO = sorted(str(page.relative_to(REPOSITORY)) for page in (REPOSITORY / "docs" / "how-to").glob("*.md"))
PAGES = sorted(
    str(page.relative_to(REPOSITORY)) for page in (*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md"))
)
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXITS_WITH = re.compile(r"\s+# exits with (\d+)$")
# The ports that pages speak of; a test has others.
DEFAULT_PORT = "8000"
OTHER_PORT = "8080"
# nginx writes its access log once a second; a page looks at once.
PATIENCE = 3.0


@dataclass(frozen=True)
class Written:
    """A file that the reader writes."""

    path: str
    text: str


@dataclass(frozen=True)
class Typed:
    """A command that the reader types, how it must end, and what it must print (nothing said: anything).

    What it prints is what a terminal would show, the errors too.
    """

    command: str
    code: int
    prints: str


def steps(text: str) -> Iterator[Written | Typed]:
    for language, path, body in BLOCK.findall(text):
        if path:
            yield Written(path, body)
        elif language == "console":
            yield from typed(body)


def typed(body: str) -> Iterator[Typed]:
    for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        line, _, prints = part.partition("\n")
        exits = EXITS_WITH.search(line)
        yield Typed(EXITS_WITH.sub("", line), int(exits[1]) if exits else 0, prints)


def matches(prints: str, output: str) -> bool:
    """Whether the output is what the documentation shows, `...` being anything."""
    pattern = ".*".join(re.escape(part) for part in prints.strip("\n").split("..."))
    return re.fullmatch(pattern, output.strip("\n"), re.DOTALL) is not None


class Reader:
    """Somebody at a shell in a folder of their own, whose home and port nobody else has."""

    def __init__(self, uncork: Uncork) -> None:
        self.ports = {DEFAULT_PORT: str(uncork.port), OTHER_PORT: str(free_port())}
        self.home = uncork.home
        self.folder = self.start = uncork.root / "reader"
        self.env = {**uncork.environment(), "UNCORK_HOME": str(uncork.home)}
        self.env["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"

    def follow(self, text: str) -> None:
        for step in steps(text):
            if isinstance(step, Written):
                self.write(step)
            elif step.command.startswith("cd "):
                self.folder /= step.command.removeprefix("cd ")
            else:
                self.type(step)

    def write(self, step: Written) -> None:
        path = self.start / step.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(step.text)

    def type(self, step: Typed) -> None:
        """Run it; a log and what is counted from it may be a moment late, so looking again is fair."""
        if step.command.startswith(("uncork logs", "uncork errors")) and step.prints and not step.code:
            eventually(lambda: matches(self.ported(step.prints), self.run(step.command).stdout), PATIENCE)
            return
        done = self.run(self.with_port(step.command))
        told = f"$ {step.command}\n{done.stdout}"
        assert done.returncode == step.code, told
        assert not step.prints or matches(self.ported(step.prints), done.stdout), told

    def with_port(self, command: str) -> str:
        """The command with the test's ports; the first `uncork up` is told of one, which is kept from then on."""
        if not (self.home / "front" / "front.json").exists() and "--port" not in command:
            command = re.sub(r"^uncork up\b", f"uncork up --port {DEFAULT_PORT}", command)
        return self.ported(command)

    def ported(self, text: str) -> str:
        return re.sub(r"\b(8000|8080)\b", lambda found: self.ports[found[1]], text)

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        argv = ["bash", "-uo", "pipefail", "-c", command]
        return subprocess.run(
            argv, cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=120, check=False,
        )  # fmt: skip


@pytest.fixture
def reader(uncork: Uncork) -> Reader:
    reader = Reader(uncork)
    shutil.copytree(EXAMPLES, reader.start / "examples", ignore=shutil.ignore_patterns("instance", "__pycache__"))
    return reader


@pytest.mark.parametrize("page", ["README.md", "docs/tutorial.md", *HOW_TO])
def test_every_command_of_a_page_does_what_the_page_says(reader: Reader, page: str) -> None:
    reader.follow((REPOSITORY / page).read_text())


def test_the_chinese_readme_has_the_commands_of_the_english_one() -> None:
    english, chinese = ((REPOSITORY / name).read_text() for name in ("README.md", "README.zh-CN.md"))
    assert list(steps(chinese)) == list(steps(english))
    assert list(steps(english))


@pytest.mark.parametrize("page", PAGES)
def test_links_within_the_repository_lead_somewhere(page: str) -> None:
    path = REPOSITORY / page
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text())
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_the_index_leads_to_every_page() -> None:
    index = REPOSITORY / "docs" / "index.md"
    led_to = {(index.parent / link).resolve() for link in re.findall(r"\]\(([^)#:]+)", index.read_text())}
    pages = {REPOSITORY / page for page in PAGES if page.startswith("docs/")} - {index}
    assert pages - led_to == set()
