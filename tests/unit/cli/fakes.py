"""A command line with fake workflows: what they were called with, and what they give back or raise."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import pytest

from uncork.cli import main
from uncork.report import Reporter


@dataclass(frozen=True)
class Deployed:
    app: str = "shop"
    release: int = 2
    environment: str = "production"
    url: str = "http://127.0.0.1:8000/"
    previous: int | None = 1
    server: str = "uwsgi"
    seconds: Mapping[str, float] = field(default_factory=lambda: {"copy the source": 0.02})
    notes: tuple[str, ...] = ("pinned is better",)


@dataclass(frozen=True)
class UpOptions:
    environment: str = "production"
    port: int | None = None
    bind: str | None = None
    environ: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Printed:
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, object]:
        assert self.out.count("\n") == 1
        found = json.loads(self.out)
        assert found.pop("schema") == 1
        return dict(found)


class Uncork:
    """The command line at a state directory of its own."""

    def __init__(self, home: Path, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self.home = home
        self.calls: list[tuple[object, ...]] = []
        self._patch = patch
        self._capture = capture

    def __call__(self, *argv: str) -> Printed:
        code = main(argv)
        out, err = self._capture.readouterr()
        return Printed(code, out, err)

    def deployed(self, *names: str) -> None:
        for name in names:
            folder = self.home / "apps" / name
            folder.mkdir(parents=True)
            (folder / "live").symlink_to("releases/1")

    def fake(self, verb: str, gives: object = None, *, raises: BaseException | None = None, function: str = "") -> None:
        """Put a workflow in place of the real one; one that hears a reporter tells it two steps and a note."""

        def workflow(*values: object) -> object:
            self.calls.append((function or verb, *values[1:]))
            for value in values:
                _tell(value)
            if raises:
                raise raises
            return gives

        self.put(f"uncork.workflows.{verb}", {function or verb: workflow, "UpOptions": UpOptions})

    def put(self, name: str, content: Mapping[str, object]) -> None:
        module = ModuleType(name)
        module.__dict__.update(content)
        self._patch.setitem(sys.modules, name, module)


def _tell(value: object) -> None:
    begin: Callable[[str], None] | None = getattr(value, "begin", None)
    if begin is None:
        return
    report: Reporter = value  # type: ignore[assignment]
    report.begin("copy the source")
    report.end("copy the source", 0.021)
    report.note("a note")
    report.begin("import the app")
