"""Writes records to standard error, unless a handler of the app's own writes them there."""

from __future__ import annotations

import logging
import os
import sys
from typing import Final, Optional, TextIO

STANDARD: Final = ("<stderr>", "<stdout>")


class Console(logging.Handler):
    """Standard error as it is when a record comes: test runners and servers put others in its place."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record; one that can't be written raises nothing."""
        stream = sys.stderr
        if stream is None or _written_by_another(record, stream):
            return
        try:
            stream.write(f"{self.format(record)}\n")
            stream.flush()
        except (OSError, ValueError):  # nobody reads it any more; or it is closed
            return


def coloured() -> bool:
    """Whether a person looks at standard error, at a terminal that has colours (https://no-color.org)."""
    shown = sys.stderr is not None and sys.stderr.isatty()
    return shown and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _written_by_another(record: logging.LogRecord, stream: TextIO) -> bool:
    logger: Optional[logging.Logger] = logging.getLogger(record.name)
    while logger is not None:
        if any(record.levelno >= one.level and _goes_to(one, stream) for one in logger.handlers):
            return True
        logger = logger.parent if logger.propagate else None
    return False


def _goes_to(handler: logging.Handler, stream: TextIO) -> bool:
    """Whether it writes to the terminal, or to the log, that this stream is."""
    found = handler.stream if isinstance(handler, logging.StreamHandler) else None
    return found is stream or (found is not None and getattr(found, "name", "") in STANDARD)
