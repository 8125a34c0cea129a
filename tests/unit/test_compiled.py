"""Compiled templates are kept as Python keeps compiled modules: where it does, when it does, and for as long."""

import importlib
import sys
from collections.abc import Iterator
from importlib.util import cache_from_source
from pathlib import Path

import pytest
from jinja2 import Environment

from uncork import rendering
from uncork.rendering import as_it_is, render

PACKAGE = "shop_of_templates"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    made = tmp_path / PACKAGE
    made.mkdir()
    (made / "__init__.py").write_text("")
    (made / "hello.j2").write_text('Hello {{ "a constant" }} and {{ name }}\n')
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    again()
    yield made
    sys.modules.pop(PACKAGE, None)
    again()


def again() -> None:
    """Forget what a process knows, as the next one does."""
    importlib.invalidate_caches()
    rendering._environment.cache_clear()
    rendering.source.cache_clear()


def kept(folder: Path) -> Path:
    return Path(cache_from_source(folder / "hello.j2.py"))


def never(*_: object) -> None:
    raise AssertionError("it is compiled again")


def test_a_template_is_compiled_once_for_all_processes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = render(PACKAGE, "hello.j2", name="you")
    assert kept(folder).parent.name == "__pycache__"
    again()
    monkeypatch.setattr(Environment, "compile", never)
    assert render(PACKAGE, "hello.j2", name="you") == first == "Hello a constant and you\n"


def test_one_that_changed_is_compiled_again(folder: Path) -> None:
    render(PACKAGE, "hello.j2", name="you")
    again()
    (folder / "hello.j2").write_text("Good bye {{ name }}\n")
    assert render(PACKAGE, "hello.j2", name="you") == "Good bye you\n"


def test_constants_are_escaped_as_each_format_asks() -> None:
    assert render(PACKAGE, "hello.j2", str.upper, name="you") == "Hello A CONSTANT and YOU\n"
    again()
    assert render(PACKAGE, "hello.j2", as_it_is, name="you") == "Hello a constant and you\n"


@pytest.mark.parametrize("left", [slice(0, -9), slice(0, 0), slice(1, None)], ids=["cut short", "empty", "foreign"])
def test_what_is_broken_is_passed_over_and_written_again(folder: Path, left: slice) -> None:
    render(PACKAGE, "hello.j2", name="you")
    whole = kept(folder).read_bytes()
    kept(folder).write_bytes(whole[left])
    again()
    assert render(PACKAGE, "hello.j2", name="you") == "Hello a constant and you\n"
    assert kept(folder).read_bytes() == whole


def test_where_nothing_can_be_written_it_is_rendered_all_the_same(folder: Path) -> None:
    (folder / "__pycache__").write_text("in the way")
    assert render(PACKAGE, "hello.j2", name="you") == "Hello a constant and you\n"


def test_nothing_is_kept_where_python_is_to_keep_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    render(PACKAGE, "hello.j2", name="you")
    assert not kept(folder).exists()
