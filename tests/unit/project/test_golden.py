"""Small projects, each in one file: its files, how it is asked for, and what detection makes of it."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from uncork.config import Config
from uncork.errors import UserError
from uncork.project.detect import detect

GOLDEN = Path(__file__).parent / "golden"
SECTION = re.compile(r"^-- (.+) --\n", re.MULTILINE)
OURS = ("config", "environ", "expected")


def sections(text: str) -> Mapping[str, str]:
    parts = SECTION.split(text)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def pairs(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines())


def outcome(case: Mapping[str, str]) -> str:
    config = pairs(case.get("config", ""))
    texts = {path: text for path, text in case.items() if path not in OURS}
    try:
        project = detect(texts, Config(name="case", **config), pairs(case.get("environ", "")))
    except UserError as error:
        return f"{type(error).__name__}: {error.problem}\nfix: {error.fix}\n{error.detail}".rstrip() + "\n"
    target = project.target
    lines = [
        f"from {target.module} import {target.expression}",
        f"search: {', '.join(folder or '.' for folder in target.search)}",
        f"found: {target.found}",
        f"depends on: {project.dependencies.source.value}",
        *(f"warning: {warning}" for warning in project.warnings),
    ]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.txt")), ids=lambda path: path.stem)
def test_a_project_is_found_to_be_what_its_golden_file_says(path: Path) -> None:
    case = sections(path.read_text())
    assert outcome(case) == case["expected"]
