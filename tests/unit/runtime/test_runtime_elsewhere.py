"""An app's own FileHandler, where who serves may not write in the release."""

import logging
import os
from collections.abc import Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path

import pytest

from uncork_runtime import elsewhere

OPEN = logging.FileHandler._open


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A release that can't be written to, not even by root."""
    release = tmp_path / "releases" / "1"
    release.mkdir(parents=True)

    def refused(handler: logging.FileHandler) -> object:
        if handler.baseFilename.startswith(f"{release}{os.sep}"):
            raise PermissionError(13, "Permission denied", handler.baseFilename)
        return OPEN(handler)

    monkeypatch.setattr(elsewhere, "_open", refused)
    monkeypatch.chdir(release)
    elsewhere.redirect(str(tmp_path / "logs"), str(release))
    yield release
    logging.FileHandler._open = OPEN  # type: ignore[method-assign]


@pytest.mark.parametrize("kind", [logging.FileHandler, RotatingFileHandler])
def test_its_file_lies_by_the_apps_logs(kind: type[logging.FileHandler], release: Path) -> None:
    handler = kind("testing.log")
    handler.emit(logging.makeLogRecord({"msg": "here"}))
    handler.close()
    assert (release.parents[1] / "logs" / "own" / "testing.log").read_text() == "here\n"


def test_what_can_be_written_is_written_where_it_is(release: Path) -> None:
    path = release.parents[1] / "mine.log"
    logging.FileHandler(path).close()
    assert path.exists()


def test_a_file_outside_the_release_that_cannot_be_written_is_the_apps_own_error(release: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        logging.FileHandler(release.parents[1] / "nowhere" / "mine.log")
