"""What all tests share: golden directories, figures of what was measured, and what is run at once, in which order."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

Golden = Callable[[str, Mapping[str, str]], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write what was rendered as what is expected")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compare texts, by their relative paths, with the files under golden/<case> beside the test."""
    root = request.path.parent / "golden"
    update = bool(request.config.getoption("--update-golden"))

    def compare(case: str, texts: Mapping[str, str]) -> None:
        folder = root / case
        if update:
            _write(folder, texts)
        assert dict(texts) == _read(folder), f"{folder} differs; see it with: pytest --update-golden && git diff"

    return compare


@pytest.fixture
def figures(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Takes a line to be printed after all tests: what was measured, where nothing is asserted of it."""
    return lambda line: record_property("figure", line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    lines = [str(line) for report in reports for name, line in report.user_properties if name == "figure"]
    if lines:
        terminalreporter.section("figures")
        for line in lines:
            terminalreporter.line(line)


# What takes longest comes first: what is begun last should be short.
FIRST: Final = ("e2e/test_stacks.py", "e2e/test_killed_deploys.py", "e2e", "contract", "integration", "load", "")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Say to pytest-xdist, before it looks, what one worker has to run; and put all in order, after pytest has."""
    for item in items:
        group = _group(item)
        if group:
            item.add_marker(pytest.mark.xdist_group(group))
    yield
    items.sort(key=lambda item: next(n for n, part in enumerate(FIRST) if _path(item).startswith(part)))


def _path(item: pytest.Item) -> str:
    return item.nodeid.removeprefix("tests/")


def _group(item: pytest.Item) -> str:
    """Its file; nothing if it takes long and shares nothing that does, so that any worker may run it."""
    file, shared = item.nodeid.partition("::")[0], _shared(item)
    if "server" in shared:  # each has an environment, which takes long to make
        return f"server {item.callspec.params['server']}"  # type: ignore[attr-defined]
    return file if shared or not _path(item).startswith("e2e/") else ""


def _shared(item: pytest.Item) -> set[str]:
    """The fixtures of its module, and of the session, that it uses."""
    info = item._fixtureinfo if isinstance(item, pytest.Function) else None
    found = {fixtures[-1] for fixtures in info.name2fixturedefs.values()} if info else set()
    return {fixture.argname for fixture in found if fixture.baseid and fixture.scope in {"module", "session"}}


def _read(folder: Path) -> dict[str, str]:
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_text() for path in found}


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    for name in _read(folder).keys() - texts.keys():
        (folder / name).unlink()
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
