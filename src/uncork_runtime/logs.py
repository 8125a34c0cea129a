"""Sets up logging for a release, or for an app that is run without one: levels, handlers, and what Flask adds."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Optional

from uncork_runtime import elsewhere, env, quick, redaction, uncaught
from uncork_runtime.appender import Appender
from uncork_runtime.console import Console, coloured
from uncork_runtime.formats import BlockFormatter, TextFormatter, formatter, masked
from uncork_runtime.settings import Settings, read

if TYPE_CHECKING:
    from flask import Flask


class _Installed:
    """What this process logs by: logging itself is one for the whole process."""

    settings: Optional[Settings] = None
    handlers: tuple[logging.Handler, ...] = ()
    console_only = False


def to_console() -> None:
    """Have all that `configure` sets up from now on write to standard error alone: the app is only being looked at."""
    _Installed.console_only = True


def installed() -> Optional[Settings]:
    """The settings that this process logs by; None before `configure` and `install`."""
    return _Installed.settings


def configure(path: str) -> None:
    """Log as a release's logging.json says. If it can't be read, the reason and all else go to standard error.

    Raises ValueError for levels, formats and a `dict_config` that logging refuses.
    """
    redaction.learn(env.loaded.values())
    uncaught.hook()
    try:
        settings = read(path)
    except (OSError, ValueError) as error:
        install(Settings())
        logging.getLogger("uncork").warning("%s can't be read, so this is not in app.log: %s", path, error)
        return
    elsewhere.redirect(os.path.dirname(settings.file), os.path.dirname(path))
    install(settings)


def install(settings: Settings) -> None:
    """Log by these settings, which take the place of any before; a second time changes nothing."""
    if _Installed.console_only:
        settings = settings._replace(to="console", spool=None)
    if settings != _Installed.settings:
        logging.getLogger().setLevel(settings.level.upper())
        _set_levels(settings.levels)
        if settings.dict_config is not None:
            _configure_all(settings.dict_config)
        _put(_handlers(settings))
        _cut_short(settings)
        _Installed.settings = settings
    _restore(logging.getLogger())
    _mind(settings)


def attach(app: object) -> None:
    """Put right what the app's import changed: its own handlers stay, and no record is written to one place twice."""
    settings = _Installed.settings
    if settings is None:
        return
    _restore(logging.getLogger())
    _set_levels(settings.levels)
    flask = sys.modules.get("flask")
    if flask is not None and isinstance(app, flask.Flask):
        _adopt(app)
    _mind(settings)


def _set_levels(levels: Mapping[str, str]) -> None:
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level.upper())


def _configure_all(config: dict[str, object]) -> None:
    from logging.config import dictConfig

    dictConfig({"version": 1, "disable_existing_loggers": False, **config})


def _handlers(settings: Settings) -> Iterator[logging.Handler]:
    if settings.dict_config is None:
        yield _writer(settings)
    if settings.spool is not None and settings.mail_level:
        from uncork_runtime.spool import SpoolHandler

        spool = SpoolHandler(settings)
        spool.setLevel(settings.mail_level)
        yield spool


def _writer(settings: Settings) -> logging.Handler:
    console = settings.to == "console"
    handler = Console() if console else Appender(settings.file)
    handler.setFormatter(formatter(settings, coloured=console and coloured()))
    return handler


def _cut_short(settings: Settings) -> None:
    """Let plain records take the short cut, where they would end in lines of text that we write."""
    handlers = _Installed.handlers
    writer = handlers[0] if settings.dict_config is None else None
    text = writer.formatter if isinstance(writer, Appender) else None
    if isinstance(writer, Appender) and isinstance(text, TextFormatter):
        quick.open_for(handlers, writer, text)
    else:
        quick.close()


def _put(handlers: Iterable[logging.Handler]) -> None:
    """Have these handlers, and none that were ours before."""
    made = tuple(handlers)
    for handler in _Installed.handlers:
        for logger in _loggers():
            logger.removeHandler(handler)
        handler.close()
    _Installed.handlers = made


def _restore(logger: logging.Logger) -> None:
    """Add what is ours: an app's own basicConfig(force=True) or dictConfig takes all handlers away."""
    for handler in _Installed.handlers:
        logger.addHandler(handler)


def _loggers() -> tuple[logging.Logger, ...]:
    named = list(logging.root.manager.loggerDict.values())
    return (logging.root, *(one for one in named if isinstance(one, logging.Logger)))


def _adopt(app: Flask) -> None:
    """Have the records of `app.logger` reach our handlers, also where it passes none on."""
    logger: Optional[logging.Logger] = app.logger
    while logger is not None and logger.propagate:
        logger = logger.parent
    if logger is not None:
        _restore(logger)


def _mind(settings: Settings) -> None:
    """See to the handlers that are not ours."""
    for logger in _loggers():
        for handler in [one for one in logger.handlers if one not in _Installed.handlers]:
            if _is_default(handler) and _reaches_ours(logger):
                logger.removeHandler(handler)
            elif isinstance(handler, logging.FileHandler) and _is_app_log(handler.baseFilename, settings):
                _replace(logger, handler, settings)
            elif not isinstance(handler, logging.NullHandler):
                handler.setFormatter(masked(handler.formatter, settings))


def _is_default(handler: logging.Handler) -> bool:
    """Whether it is the one that Flask adds where it finds none: before ours, that is."""
    flask_logging = sys.modules.get("flask.logging")
    return flask_logging is not None and handler is flask_logging.default_handler


def _reaches_ours(logger: Optional[logging.Logger]) -> bool:
    """Whether we write what this logger is told."""
    while logger is not None:
        if any(isinstance(one, (Appender, Console)) for one in logger.handlers):
            return True
        logger = logger.parent if logger.propagate else None
    return False


def _is_app_log(path: str, settings: Settings) -> bool:
    ours = settings.to == "file" or _Installed.console_only
    return ours and os.path.realpath(path) == os.path.realpath(settings.file)


def _replace(logger: logging.Logger, handler: logging.FileHandler, settings: Settings) -> None:
    """Take away a handler that would write what we write, and go on in a file that has been renamed."""
    logger.removeHandler(handler)
    handler.close()
    if not _reaches_ours(logger):
        writer = _writer(settings)
        writer.setLevel(handler.level)
        writer.setFormatter(BlockFormatter(handler.formatter or logging.Formatter(), settings))
        writer.filters = list(handler.filters)
        logger.addHandler(writer)
