"""What all tests share: golden directories, figures of what was measured, and what is run at once, in which order."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

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
FIRST: Final = (
    "tests/e2e/test_stacks.py",
    "tests/e2e/lab/test_several_machines.py",
    "tests/e2e/lab/test_from_nothing.py",  # needs no machine that is set up, while one is for all others
    "tests/e2e/lab",
    "tests/e2e/test_killed_deploys.py",
    "tests/e2e",
    "tests/contract",
    "tests/integration",
    "tests/load",
    "",
)
# Files whose tests take long and share nothing, so that any worker may run any of them; other files are run whole.
APART: Final = ("docs", "error_mail", "full_disk", "handlers", "killed_deploys", "status_report")
# Each of their tests is for each server, whose environment takes long to make.
BY_SERVER: Final = ("tests/contract/test_servers.py", "tests/contract/test_server_logs.py")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: next(n for n, part in enumerate(FIRST) if item.nodeid.startswith(part)))


class Together(LoadScopeScheduling):
    """Says to pytest-xdist what one worker runs; its own groups (3.8.0) are nothing to pytest 9.2, unnoticed."""

    def _split_scope(self, nodeid: str) -> str:
        file, _, test = nodeid.partition("::")
        if file in BY_SERVER:
            return test.partition("[")[2].partition("-")[0].rstrip("]")
        return nodeid if Path(file).stem.removeprefix("test_") in APART else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Together:
    return Together(config, log)


def _read(folder: Path) -> dict[str, str]:
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_text() for path in found}


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    for name in _read(folder).keys() - texts.keys():
        (folder / name).unlink()
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
