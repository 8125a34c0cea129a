"""Leaves errors for the agent, which counts and mails them: a line of JSON for each, appended and never waited for."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sys
import threading
import time
from typing import Final, Optional

from uncork_runtime import capture
from uncork_runtime.appender import Appender
from uncork_runtime.message import message
from uncork_runtime.places import Place, Source, deepest
from uncork_runtime.request import current
from uncork_runtime.settings import Settings

Fields = dict[str, object]

VERSION: Final = 1
WHILE: Final = 60.0
"""Seconds in which an error that comes again is only counted."""
KNOWN: Final = 1000
"""So many errors are remembered: one whose text is made for each is another one each time."""


class Spool(Appender):
    """The file; what can't be written is counted, for the next line that can be."""

    def __init__(self, path: str, most: int, dropped: str) -> None:
        """Know how large it may become in bytes, and the file that counts what finds it full."""
        super().__init__(path)
        self._most = most
        self._dropped = dropped

    @property
    def missed(self) -> int:
        """How many lines could not be written since the last one that could."""
        return self._missed

    def full(self) -> bool:
        """Whether nothing more goes in; then another file is longer by a byte."""
        try:
            if os.stat(self.path).st_size < self._most:
                return False
        except OSError:
            return False
        self._count()
        return True

    def add(self, fields: Fields) -> bool:
        """Append a line; whether that went well."""
        line = json.dumps(fields, ensure_ascii=False).encode("utf-8", "backslashreplace")
        self._append(line + b"\n")
        return not self._missed

    def miss(self, why: str) -> None:
        """Count a line that could not be made."""
        self._miss(why)

    def _excuse(self) -> bytes:
        return b""  # the next line that is whole tells how many were missed

    def _count(self) -> None:
        try:
            descriptor = os.open(self._dropped, os.O_APPEND | os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o640)
        except OSError:
            return
        try:
            os.write(descriptor, b".")
        except OSError:  # the disk is full as well
            return
        finally:
            os.close(descriptor)


class SpoolHandler(logging.Handler):
    """Leaves the first of an error with all that is known of it; those that follow within a minute are counted."""

    def __init__(self, settings: Settings, folder: str = "") -> None:
        """Leave errors in `settings.spool`; the project's own code is in `folder`."""
        super().__init__(settings.mail_level or logging.ERROR)
        self._settings = settings
        self._spool = Spool(settings.spool or os.devnull, settings.spool_size, settings.dropped)
        self._source = Source(folder or _source())
        self._told: dict[str, float] = {}
        self._busy = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Leave the record; raises nothing. What is logged by objects that are described for it is passed over."""
        here = threading.get_ident()  # and no mere flag: a fork in the midst of this would leave it set
        if self._busy == here:
            return
        self._busy = here
        try:
            self._leave(record)
        except Exception as error:  # noqa: BLE001 - an error that can't be told of must not become another one
            self._spool.miss(type(error).__name__)
        finally:
            self._busy = 0

    def close(self) -> None:
        """Let go of the file; a later record opens it again."""
        self._spool.close()
        super().close()

    def _leave(self, record: logging.LogRecord) -> None:
        if self._spool.full():
            return
        error = _error(record)
        frames = self._source.frames(error.__traceback__) if error else []
        place = deepest(frames) if frames else self._source.place(record.pathname, record.lineno, record.funcName)
        fp = _fingerprint(record, error, place)
        if time.monotonic() - self._told.get(fp, -WHILE) < WHILE:
            self._spool.add(self._again(fp, record))
        elif self._spool.add(self._first(fp, record, error, place)):
            self._remember(fp)

    def _again(self, fp: str, record: logging.LogRecord) -> Fields:
        context = current()
        return {**self._counted("again", fp, record), "id": context.id if context else ""}

    def _first(self, fp: str, record: logging.LogRecord, error: Optional[BaseException], place: Place) -> Fields:
        context = current()
        return {
            **self._counted("error", fp, record),
            "app": self._settings.app,
            "environment": self._settings.environment,
            "level": record.levelname,
            "logger": record.name,
            "type": capture.name(error) if error else "",
            "message": capture.cut(message(record), capture.LONGEST_TEXT),
            "place": str(place),
            "pid": os.getpid(),
            "request": capture.asked(context) if context else None,
            "chain": capture.chain(error, self._source) if error else [],
        }

    def _counted(self, kind: str, fp: str, record: logging.LogRecord) -> Fields:
        """What it is counted by."""
        return {
            "v": VERSION,
            "kind": kind,
            "fp": fp,
            "time": record.created,
            "release": self._settings.release,
            "sent_by_app": _is_mailed(record),
            "dropped": self._spool.missed,
        }

    def _remember(self, fp: str) -> None:
        if len(self._told) >= KNOWN:
            self._told.clear()
        self._told[fp] = time.monotonic()


def _source() -> str:
    """The project's folder: the copy that this runtime lies beside in a release; else where the process is."""
    beside = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))), "source")
    return beside if os.path.isdir(beside) else os.getcwd()


def _error(record: logging.LogRecord) -> Optional[BaseException]:
    return record.exc_info[1] if record.exc_info else None


def _fingerprint(record: logging.LogRecord, error: Optional[BaseException], place: Place) -> str:
    """What an error has in common with the others of its group: not its line, which the next release moves."""
    template = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
    what = capture.name(error) if error else f"{record.name}\0{template}"
    text = f"{what}\0{place.file}\0{place.function}"
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:16]


def _is_mailed(record: logging.LogRecord) -> bool:
    """Whether the app mails this record itself; a handler with filters might not."""
    handlers = sys.modules.get("logging.handlers")
    logger: Optional[logging.Logger] = logging.getLogger(record.name) if handlers else None
    while logger is not None:
        if any(_mails(one, record) for one in logger.handlers if isinstance(one, handlers.SMTPHandler)):  # type: ignore[union-attr]
            return True
        logger = logger.parent if logger.propagate else None
    return False


def _mails(handler: logging.Handler, record: logging.LogRecord) -> bool:
    return record.levelno >= handler.level and not handler.filters
