"""A record of a log: a line, with those that belong to it, and what it says of itself."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Final

# How loud a record is; the front's words stand for those of Python's logging.
LEVELS: Final = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}
_SAME: Final = {
    "NOTICE": "INFO", "WARN": "WARNING", "FATAL": "CRITICAL", "CRIT": "CRITICAL", "ALERT": "CRITICAL",
    "EMERG": "CRITICAL",
}  # fmt: skip
_LEVEL: Final = re.compile(r"^.{0,100}?(?<![\w-])(DEBUG|INFO|WARNING|ERROR|CRITICAL|WARN|FATAL)(?![\w-])")
_FRONT_LEVEL: Final = re.compile(r"^[\d/]{10} [\d:]{8} \[(debug|info|notice|warn|error|crit|alert|emerg)\]")
# What the server says of a worker that is killed or dies, in its own words.
_BAD: Final = re.compile(r"HARAKIRI|DAMN|OOPS|!!! |: fatal|unable to load")
LOUD: Final = (
    "WARN", "ERROR", "CRITICAL", "FATAL", "Traceback (most", "[warn]", "[error]", "[crit]", "[alert]", "[emerg]",
    "HARAKIRI", "DAMN", "OOPS", "!!! ", ": fatal", "unable to load", '"status":5', '"status": 5', '"warning"',
    '"error"', '"critical"',
)  # fmt: skip
"""One of these is in each record that is louder than information."""
# What begins a line: Python's logging and the servers' ISO times, uWSGI's ctime, nginx's time, and JSON.
_ISO: Final = re.compile(
    r'^(?:.{0,40}?[\s\["(:]|)(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,6})\d*)?(Z|[+-]\d\d:?\d\d)?'
)
_CTIME: Final = re.compile(r"^.{0,10}?(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (\w{3} [ \d]\d \d\d:\d\d:\d\d \d{4})\b")
_STAMPED: Final = 200
_TRACEBACK: Final = "Traceback (most recent call last):"
_CHAINED: Final = ("During handling of the above exception,", "The above exception was the direct cause")
# How uncork's own format begins and ends.
_HEAD: Final = re.compile(r"^\S+Z [A-Z]+ (\S+): (.*)$")
_TAIL: Final = re.compile(r" \[(?:id=(?P<request>\S+) [^\]]*?)?(?:release=(?P<release>\d+) )?[^\] ]+\]$")
LONGEST: Final = 5000
"""As many lines belong together at most."""
_FAILED: Final = 500


@dataclass(frozen=True)
class Record:
    """What was written at once: of which app ("": all), into which log, and when (None: nobody knows).

    `text` is as written, without the last line end; `message` is what of its first line is no ornament. `level` is ""
    where it has none, `release` None, `request` "". `fields` are what a record in JSON has beside these.
    """

    app: str
    source: str
    time: datetime | None
    text: str
    level: str = ""
    message: str = ""
    request: str = ""
    release: int | None = None
    fields: Mapping[str, object] = field(default_factory=dict)

    @property
    def loudness(self) -> int:
        """The level as Python's logging counts it; what has none is information."""
        return LEVELS.get(self.level, LEVELS["INFO"])


def time_of(line: str) -> datetime | None:
    """Return the time that a line begins with, None if it has none. A time without a zone is this machine's own."""
    if line[10:11] == "T" and line[23:24] == "Z":  # as uncork itself writes it, and most lines are
        return _read(f"{line[:23]}+00:00")
    head = line[:_STAMPED]
    if found := _ISO.match(head):
        year, month, day, clock, fraction, zone = found.groups()
        zone = "+00:00" if zone == "Z" else f"{zone[:3]}:{zone[-2:]}" if zone else ""
        return _read(f"{year}-{month}-{day}T{clock}.{(fraction or '0'):0<6}{zone}")
    if found := _CTIME.match(head):
        try:
            return _read(datetime.strptime(found[1], "%b %d %H:%M:%S %Y").isoformat())  # noqa: DTZ007 -- _read knows
        except ValueError:
            return None
    return None


def blocks(lines: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Yield lines that belong together: a traceback's, and those that are indented, to the line before them."""
    block: list[str] = []
    tracing = False
    for line in lines:
        if block and (len(block) >= LONGEST or not _continues(line, tracing=tracing)):
            yield tuple(block)
            block, tracing = [], False
        block.append(line)
        # The line that ends a traceback stands at the margin, as does what links it to the next.
        tracing = _TRACEBACK in line or (tracing and (not line or line[0].isspace() or line.startswith(_CHAINED)))
    if block:
        yield tuple(block)


def begins(line: str) -> bool:
    """Return whether a line begins a record for sure, whatever was before it: it says when it was written."""
    return bool(line) and not line[0].isspace() and time_of(line) is not None


def record(app: str, source: str, block: tuple[str, ...], inherited: datetime | None) -> Record:
    """Return the record of a block; `inherited` is when the one before it was written, should it not say so."""
    head = block[0]
    time = time_of(head) or inherited
    if head.startswith("{") and len(block) == 1 and (found := _object(head)):
        return _structured(app, source, time, head, found)
    text, tail, begun = "\n".join(block), _TAIL.search(head), _HEAD.match(head)
    if not (tail and begun):
        return Record(app, source, time, text, _level(head, text), head)
    return Record(
        app=app,
        source=source,
        time=time,
        text=text,
        level=_level(head, text),
        message=begun[2].removesuffix(tail[0]),
        request=tail["request"] or "",
        release=int(tail["release"]) if tail["release"] else None,
        fields={"logger": begun[1]},
    )


def _continues(line: str, *, tracing: bool) -> bool:
    if not line or line[0].isspace() or line.startswith((_TRACEBACK, *_CHAINED)):
        return True
    return tracing and time_of(line) is None


def _read(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None


def _level(head: str, text: str) -> str:
    found = _LEVEL.match(head[:_STAMPED]) or _FRONT_LEVEL.match(head)
    if found:
        word = found[1].upper()
        return _SAME.get(word, word)
    return "ERROR" if _TRACEBACK in text or _BAD.search(head) else ""


def _object(line: str) -> dict[str, object] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _structured(app: str, source: str, time: datetime | None, line: str, found: dict[str, object]) -> Record:
    status = found.get("status")
    level = found.pop("level", "")
    if not level and source == "access":
        level = "ERROR" if isinstance(status, int) and status >= _FAILED else "INFO"
    release = str(found.pop("release", ""))
    found.pop("time", None)
    return Record(
        app=app,
        source=source,
        time=time,
        text=line,
        level=str(level).upper(),
        message=str(found.pop("message", "")) or _asked(found),
        request=str(found.pop("id", "")),
        release=int(release) if release.isdecimal() else None,
        fields=found,
    )


def _asked(found: Mapping[str, object]) -> str:
    """What a visitor asked for, in a line."""
    seconds = found.get("seconds")
    took = f" in {seconds * 1000:.0f} ms" if isinstance(seconds, int | float) else ""
    return f"{found.get('method', '')} {found.get('uri', '')} {found.get('status', '')}{took}".strip()
