"""uncork as deployed: `uncork up` on a state directory of its own, nothing tuned, nothing switched off."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from bench.stack import Stack
from uncork.layout import Layout, runtime_directory

COMMAND: Final = (sys.executable, "-m", "uncork")


class Uncork(Stack):
    """One state directory, its supervisord and its nginx."""

    def __init__(self, folder: Path, port: int, config: str = "") -> None:
        folder.mkdir()
        folder.chmod(0o755)
        super().__init__("uncork", port, folder / "project")
        with (self.project / "uncork.toml").open("a") as file:
            file.write(f"{config}\n")
        self.home = folder / "home"

    def start(self) -> None:
        """Deploy for the first time."""
        self.ok("up", str(self.project), "--port", str(self.port))

    def stop(self) -> None:
        """End front, servers and supervisord."""
        self.ok("down")

    def roots(self) -> tuple[int, ...]:
        """supervisord: all else descends from it."""
        layout = Layout(self.home, runtime_directory(self.home, os.getuid()))
        return (int(layout.supervisor_pid.read_text()),)

    def ok(self, verb: str, *more: str) -> dict[str, object]:
        """Run a verb with `--json`; raises RuntimeError if it fails."""
        ended = self.run(verb, *more)
        if ended.returncode:
            raise RuntimeError(f"uncork {verb}: exit {ended.returncode}\n{ended.stdout}{ended.stderr}")
        return dict(json.loads(ended.stdout))

    def run(self, verb: str, *more: str) -> subprocess.CompletedProcess[str]:
        """Run a verb with `--json`, whatever comes of it."""
        argv = (*COMMAND, verb, "--home", str(self.home), "--json", *more)
        return subprocess.run(argv, capture_output=True, text=True, check=False)

    def another(self, name: str, more: str = "") -> Path:
        """Deploy one more app beside it, with `more` lines in its config, and return its project."""
        project = self.project.with_name(name)
        project.mkdir()
        for file in self.project.rglob("*"):
            if file.is_file() and "__pycache__" not in file.parts:
                copy = project / file.relative_to(self.project)
                copy.parent.mkdir(exist_ok=True)
                copy.write_text(file.read_text().replace('name = "guests"', f'name = "{name}"\n{more}'))
        self.ok("up", str(project))
        return project

    def python(self) -> str:
        """The interpreter that the release's environment was made with."""
        return self.says("import sys; print(sys._base_executable)")

    def says(self, code: str) -> str:
        """What the environment's Python prints for some code, in the project's folder."""
        environment = next(path for path in (self.home / "apps" / "guests" / "venvs").iterdir() if path.is_dir())
        argv = (str(environment / "bin" / "python"), "-c", code)
        return subprocess.run(argv, capture_output=True, text=True, check=True, cwd=self.project).stdout.strip()
