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

from tests.e2e.state import EXAMPLES, Uncork

REPOSITORY = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXITS_WITH = re.compile(r"\s+# exits with (\d+)$")


@dataclass(frozen=True)
class Written:
    """A file that the reader writes."""

    path: str
    text: str


@dataclass(frozen=True)
class Typed:
    """A command that the reader types, how it must end, and what it must print (nothing said: anything)."""

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
        self.port = uncork.port
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
        done = self.run(self.with_port(step.command))
        told = f"$ {step.command}\n{done.stdout}{done.stderr}"
        assert done.returncode == step.code, told
        assert not step.prints or matches(step.prints, done.stdout), told

    def with_port(self, command: str) -> str:
        command = command.replace("127.0.0.1:8000", f"127.0.0.1:{self.port}")
        return re.sub(r"^uncork up\b", f"uncork up --port {self.port}", command)

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        argv = ["bash", "-uo", "pipefail", "-c", command]
        return subprocess.run(
            argv, cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
            check=False,
        )  # fmt: skip


@pytest.fixture
def reader(uncork: Uncork) -> Reader:
    reader = Reader(uncork)
    shutil.copytree(EXAMPLES, reader.start / "examples", ignore=shutil.ignore_patterns("instance", "__pycache__"))
    return reader


@pytest.mark.parametrize("page", ["README.md", "docs/tutorial.md"])
def test_every_command_of_a_page_does_what_the_page_says(reader: Reader, page: str) -> None:
    reader.follow((REPOSITORY / page).read_text())


def test_the_chinese_readme_has_the_commands_of_the_english_one() -> None:
    english, chinese = ((REPOSITORY / name).read_text() for name in ("README.md", "README.zh-CN.md"))
    assert list(steps(chinese)) == list(steps(english))
    assert list(steps(english))


@pytest.mark.parametrize(
    "page", ["README.md", "README.zh-CN.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "docs/tutorial.md"]
)
def test_links_within_the_repository_lead_somewhere(page: str) -> None:
    path = REPOSITORY / page
    links = re.findall(r"\]\(([^)#:]+)\)", path.read_text())
    assert [link for link in links if not (path.parent / link).exists()] == []
