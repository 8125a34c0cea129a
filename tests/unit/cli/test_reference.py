"""The reference pages are what the code says now."""

import runpy
from pathlib import Path

import pytest

from uncork.cli import VERBS
from uncork.config import TABLES, keys
from uncork.errors import ExitCode

DOCS = Path(__file__).parents[3] / "docs"
PAGES = runpy.run_path(str(DOCS / "reference.py"))["pages"]()


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_is_what_make_docs_would_write(name: str) -> None:
    assert (DOCS / "reference" / name).read_text("utf-8") == PAGES[name], "run `make docs`"


def test_every_verb_every_key_and_every_exit_status_has_its_place() -> None:
    assert all(f"## uncork {verb}\n" in PAGES["verbs.md"] for verb in VERBS)
    assert all(f"## {key.name}\n" in PAGES["config.md"] for key in keys())
    below = [f"{table}.{key.name}" for table, keys_of_it in TABLES.items() for key in keys_of_it]
    assert all(f"### {name}\n" in PAGES["config.md"] for name in below)
    assert all(f"| {int(code)} |" in PAGES["exit-codes.md"] for code in ExitCode)
