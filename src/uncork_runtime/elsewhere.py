"""Log files of the app's own that can't lie in a release, since nobody may write there: they lie by its other logs."""

from __future__ import annotations

import logging
import os
from io import TextIOWrapper
from typing import Final

FOLDER: Final = "own"
_open: Final = logging.FileHandler._open  # noqa: SLF001 - what each kind of FileHandler opens its file by


def redirect(logs: str, release: str) -> None:
    """Have a FileHandler that may not write in the folder `release` write a file of that name in `logs`/own."""

    def opened(handler: logging.FileHandler) -> TextIOWrapper:
        try:
            return _open(handler)
        except PermissionError:
            if not handler.baseFilename.startswith(os.path.join(release, "")):
                raise
        os.makedirs(os.path.join(logs, FOLDER), exist_ok=True)
        handler.baseFilename = os.path.join(logs, FOLDER, os.path.basename(handler.baseFilename))
        return _open(handler)

    logging.FileHandler._open = opened  # type: ignore[assignment,method-assign]  # noqa: SLF001
