"""How a record of a log is shown: as it was written, beside where it comes from, or as JSON."""

import re
from typing import TYPE_CHECKING, Final

from uncork.cli.output import styled

if TYPE_CHECKING:
    from uncork.workflows.log_record import Record

# What a terminal would act on, but for colours: a visitor can have anything logged.
_ACTS: Final = re.compile(r"(\x1b\[[0-9;]*m)|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_COLOURS: Final = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "red"}


def plain(text: str, whose: str) -> str:
    """Return a record as it was written; each line with whose it is, if that is said."""
    return "\n".join(f"{whose} | {line}" for line in text.split("\n")) if whose else text


def shown(record: "Record", column: str) -> str:
    """Return each line of a record beside where it comes from, and in the colour of its level."""
    text = _ACTS.sub(_harmless, _brief(record))
    colour = _COLOURS.get(record.level)
    beside = styled(column, bold=True)
    return "\n".join(f"{beside}  {styled(line, fg=colour) if colour else line}" for line in text.split("\n"))


def _brief(record: "Record") -> str:
    """A request of the access log is shown as a sentence, all else as it was written."""
    if record.source != "access" or not record.time or not record.message:
        return record.text
    time = f"{record.time:%Y-%m-%dT%H:%M:%S}.{record.time.microsecond // 1000:03d}Z"
    return f"{time} {record.message} [id={record.request} client={record.fields.get('client', '-')}]"


def _harmless(found: "re.Match[str]") -> str:
    return found[1] or ascii(found[0])[1:-1]


def as_json(record: "Record") -> dict[str, object]:
    """Return a record as JSON has it."""
    from uncork.machine.moments import iso

    time = iso(record.time, "milliseconds") if record.time else None
    return {
        "time": time,
        "source": record.source,
        "app": record.app or None,
        "level": record.level or None,
        "message": record.message,
        "request": record.request or None,
        "release": record.release,
        "text": record.text,
        "fields": record.fields,
    }
