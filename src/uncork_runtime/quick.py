"""A logger with a short cut for most records: a message and nothing else, that nobody but us handles."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Final, Optional, Union

from uncork_runtime.appender import Appender
from uncork_runtime.formats import TextFormatter
from uncork_runtime.message import filled

ExcInfo = Union[None, bool, BaseException, tuple[type, BaseException, Optional[TracebackType]], tuple[None, None, None]]
Args = Union[tuple[object, ...], Mapping[str, object]]
PLAIN: Final = frozenset((str, int, float))


# What others put something of their own in the place of, to learn of each record.
MAKE: Final = logging.Logger.makeRecord
HANDLE: Final = logging.Logger.handle
CALL: Final = logging.Logger.callHandlers


class _Short:
    """The short cut of this process: who writes, records below which level, while root has these handlers."""

    write: Optional[Callable[[float, str, str, str], None]] = None
    below: int = logging.NOTSET
    handlers: Optional[list[logging.Handler]] = None


def open_for(handlers: tuple[logging.Handler, ...], writer: Appender, formatter: TextFormatter) -> None:
    """Let plain records go by the first of our handlers alone; the others take none below their levels.

    It is for loggers that are made from now on, unless the app has a class of its own for them.
    """

    def write(created: float, level: str, name: str, text: str) -> None:
        try:
            line = formatter.line(created, level, name, text)
        except Exception:  # noqa: BLE001 - the session of the app's, say, that would tell who the user is
            line = f"{level} {name}: {text}"
        writer.write(line)

    _Short.below = min([logging.WARNING, *(one.level for one in handlers[1:])])
    _Short.handlers = list(handlers)
    _Short.write = write
    if logging.getLoggerClass() is logging.Logger:
        logging.setLoggerClass(QuickLogger)


def close() -> None:
    """Let every record go the long way."""
    _Short.write = None
    _Short.below = logging.NOTSET


class QuickLogger(logging.Logger):
    """Writes a line without a record where a record would end in the same line: a third of the time.

    A record from WARNING on, one with an exception or an `extra`, and every record where the app has handlers, filters
    or a hook of its own, is logged as the standard library does.
    """

    def _log(  # noqa: PLR0913, PLR0917 - as the standard library has it
        self,
        level: int,
        msg: object,
        args: Args,
        exc_info: ExcInfo = None,
        extra: Optional[Mapping[str, object]] = None,
        stack_info: bool = False,  # noqa: FBT001, FBT002
        stacklevel: int = 1,
    ) -> None:
        short = None
        if level < _Short.below and not exc_info and extra is None and not stack_info and self._is_ours(args):
            short = _Short.write
        if short is None:
            super()._log(level, msg, args, exc_info, extra, stack_info, stacklevel + 1)
        else:
            short(time.time(), logging.getLevelName(level), self.name, filled(msg, args))

    def _is_ours(self, args: Args) -> bool:
        """Whether a record would reach our handlers as it is, and no others."""
        if self.filters or (args and (type(args) is not tuple or (len(args) == 1 and type(args[0]) not in PLAIN))):
            return False
        logger: logging.Logger = self
        while logger.parent is not None:
            if logger.handlers or not logger.propagate:
                return False
            logger = logger.parent
        base = logging.Logger
        return logger.handlers == _Short.handlers and (
            base.callHandlers is CALL
            and base.handle is HANDLE
            and base.makeRecord is MAKE
            and logging.getLogRecordFactory() is logging.LogRecord
        )
