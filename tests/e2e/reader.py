"""Somebody who follows a page of the documentation: types its commands, and compares what they print."""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.state import eventually

REPOSITORY = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXITS_WITH = re.compile(r"\s+# exits with (\d+)$")
OF_MACHINES = re.compile(r"\buncork (server|deploy)\b|\bgit push\b")
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


def needs_machines(text: str) -> bool:
    """Whether a page, or a section, has commands that lead to machines."""
    return any(isinstance(step, Typed) and OF_MACHINES.search(step.command) for step in steps(text))


def sections(page: str) -> tuple[str, str]:
    """What of a page needs no machines, and what does: the README by its sections, others whole."""
    text = (REPOSITORY / page).read_text()
    parts = re.split(r"^(?=## )", text, flags=re.MULTILINE) if page.startswith("README") else [text]
    return "".join(p for p in parts if not needs_machines(p)), "".join(p for p in parts if needs_machines(p))


class Reader:
    """Somebody at a shell in a folder of their own, where the ports that pages speak of are others."""

    def __init__(self, start: Path, env: Mapping[str, str], ports: Mapping[str, str]) -> None:
        self.folder = self.start = start
        self.ports = ports
        self.env = {**env, "PATH": f"{Path(sys.executable).parent}:{env['PATH']}"}

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
        """The command, as it is typed here."""
        return self.ported(command)

    def ported(self, text: str) -> str:
        return re.sub(r"\b(8000|8080)\b", lambda found: self.ports.get(found[1], found[1]), text)

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        argv = ["bash", "-uo", "pipefail", "-c", command]
        return subprocess.run(
            argv, cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=120, check=False,
        )  # fmt: skip
