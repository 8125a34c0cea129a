"""What nobody catches: servers print it without its secrets, and threads, which nobody watches, log it."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from types import TracebackType
from typing import TYPE_CHECKING, Final, Optional

from uncork_runtime.redaction import redact_traceback

if TYPE_CHECKING:
    from threading import ExceptHookArgs

LOG: Final = logging.getLogger("uncork")


def hook() -> None:
    """Have all that is raised and not caught go this way from now on; an app may put hooks of its own in its place."""
    sys.excepthook = show
    threading.excepthook = log


def show(kind: type[BaseException], error: BaseException, trace: Optional[TracebackType]) -> None:
    """Print what ends a program, or what uWSGI was told of a request or an import that failed."""
    if sys.stderr is not None:
        sys.stderr.write(redact_traceback("".join(traceback.format_exception(kind, error, trace))))
        sys.stderr.flush()


def log(found: ExceptHookArgs) -> None:
    """Log what ended a thread, unless it ended itself."""
    if found.exc_value is not None and not isinstance(found.exc_value, SystemExit):
        tell(f"the thread {found.thread.name if found.thread else 'that has gone'}", found.exc_value)


def tell(what: str, error: BaseException) -> None:
    """Log what something raised, though an app's own fileConfig or dictConfig disables the loggers that are there."""
    LOG.disabled = False
    LOG.error("%s raised %s", what, type(error).__name__, exc_info=error)
