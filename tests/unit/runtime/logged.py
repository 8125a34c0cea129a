"""Logging of a test's own: what was there before is there again after it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from uncork_runtime import env, logs, quick, redaction
from uncork_runtime.request import Context

ENVIRON: dict[str, Any] = {
    "REQUEST_METHOD": "POST",
    "SCRIPT_NAME": "",
    "PATH_INFO": "/buy",
    "REMOTE_ADDR": "203.0.113.9",
    "REMOTE_USER": "7",
    "HTTP_X_REQUEST_ID": "8f3a8f3a8f3a",
}


@contextmanager
def fresh() -> Iterator[None]:
    """A process in which nobody has logged yet."""
    root, manager = logging.root, logging.root.manager
    before = (root.handlers[:], root.level, dict(manager.loggerDict))
    root.handlers[:], root.level = [], logging.WARNING
    manager.loggerDict.clear()
    env.loaded.clear()
    try:
        yield
    finally:
        for handler in logs._Installed.handlers:
            handler.close()
        root.handlers[:], root.level = before[:2]
        manager.loggerDict.clear()
        manager.loggerDict.update(before[2])
        logs._Installed.settings, logs._Installed.handlers, logs._Installed.console_only = None, (), False
        logging.setLoggerClass(logging.Logger)
        quick.close()
        redaction.learn(())


@contextmanager
def asked(**environ: Any) -> Iterator[Context]:
    """A request that is being answered."""
    context = Context({**ENVIRON, **environ})
    context.begin()
    try:
        yield context
    finally:
        context.end()


def record(message: object, *args: object, **more: Any) -> logging.LogRecord:
    """A record of 2026-11-22T16:05:12.123Z."""
    made = logging.LogRecord(
        "shop.views", logging.ERROR, "/shop/views.py", 41, message, args, more.pop("exc_info", None)
    )
    made.created, made.msecs = 1795363512.1234, 123.0
    vars(made).update(more)
    return made
