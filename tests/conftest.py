"""What all tests share: golden directories, rewritten by `pytest --update-golden` and read as a diff."""

from collections.abc import Callable, Mapping
from pathlib import Path

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


def _read(folder: Path) -> dict[str, str]:
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_text() for path in found}


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    for name in _read(folder).keys() - texts.keys():
        (folder / name).unlink()
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
