"""A report in words: sections of rows, the same for every way to show it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from uncork.reporting.looks import Day, Look
from uncork.reporting.report import Figures, NewError, Report, Slow
from uncork.reporting.words import change, duration, number, plain, several, share, size

GOOD: Final = "good"
BAD: Final = "bad"
_FULL: Final = 0.9
_NOTICED: Final = 1.2


@dataclass(frozen=True)
class Row:
    """A figure: what it is, its value, what there is to say of it and of the day before; `tone` is good, bad or ""."""

    label: str
    value: str
    note: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Section:
    """Rows under a title; `empty` is what is said where there are none."""

    title: str
    rows: tuple[Row, ...]
    empty: str = ""


def sections(report: Report) -> tuple[Section, ...]:
    """Return what a report says, in the order in which one wants to know it."""
    return (
        Section("Requests", _requests(report.figures, report.before)),
        Section("Slowest routes, by p95", tuple(_slow(slow) for slow in report.slowest), "No request reached the app."),
        Section("New errors", tuple(_error(error) for error in report.errors), "None."),
        Section("The app", _app(report.figures.seen, report.before.seen), "Nobody looked: the agent did not run."),
        Section("The machine", _machine(report)),
    )


def summary(report: Report) -> str:
    """Return the report in a line."""
    figures = report.figures
    found = several(len(report.errors), "new error") if report.errors else "no new errors"
    failed = f", {share(figures.rate)} failed" if figures.failed else ", none failed" if figures.requests else ""
    return f"{several(figures.requests, 'request')}{failed}, {found}"


def _requests(now: Figures, before: Figures) -> tuple[Row, ...]:
    rows = [
        _against("Requests", now, before, lambda day: day.requests, number),
        _failed(now, before),
        _against("Refused (4xx)", now, before, lambda day: day.refused, number),
    ]
    for name, value in (("p50", lambda d: d.p50), ("p95", lambda d: d.p95), ("p99", lambda d: d.p99)):
        rows.append(_against(f"Time, {name}", now, before, value, duration, worse_if_more=True))
    return (*rows, _against("Sent", now, before, lambda day: day.bytes, size))


def _against(
    label: str,
    now: Figures,
    before: Figures,
    value: Callable[[Figures], float | None],
    say: Callable[[float], str],
    *,
    worse_if_more: bool = False,
) -> Row:
    new, old = value(now), value(before) if before.known else None
    tone = BAD if worse_if_more and new and old and new > old * _NOTICED else ""
    return Row(label, "-" if new is None else say(new), _beside(new, old, say), tone)


def _beside(new: float | None, old: float | None, say: Callable[[float], str]) -> str:
    if old is None:
        return ""
    if new is not None and say(new) == say(old):
        return "the same the day before"
    changed = change(new, old)
    return f"{say(old)} the day before" + (f", {changed}" if changed else "")


def _failed(now: Figures, before: Figures) -> Row:
    value = f"{share(now.rate)}" + (f" ({number(now.failed)})" if now.failed else "")
    note = f"{share(before.rate)} the day before" if before.requests else ""
    return Row("Failed (5xx)", value, note, BAD if now.failed else GOOD if now.requests else "")


def _slow(slow: Slow) -> Row:
    failed = f", {number(slow.failed)} failed" if slow.failed else ""
    beside = _beside(slow.p95, slow.p95_before, duration)
    note = f"{several(slow.requests, 'request')}, {duration(slow.seconds)} in all{failed}"
    return Row(plain(slow.name), duration(slow.p95), note + (f"; {beside}" if beside else ""))


def _error(error: NewError) -> Row:
    where = f"{plain(error.place)}; " if error.place else ""
    return Row(
        plain(error.what), f"{number(error.count)} times" if error.count != 1 else "once", f"{where}{error.id}", BAD
    )


def _app(seen: Day | None, before: Day | None) -> tuple[Row, ...]:
    if not seen:
        return ()
    last, old = seen.last, before.last if before else None
    return (
        Row("Release", f"{last.release} ({last.environment})", f"{old.release} the day before" if old else ""),
        _up(seen, before),
        _restarts(seen, before),
        _memory(seen.most_memory or None, (before.most_memory or None) if before else None),
        Row("Logs", size(last.logs), _growth(last.logs, old.logs if old else None)),
    )


def _memory(most: int | None, before: int | None) -> Row:
    """Return the row; None is a day on which nothing of the app was seen to run."""
    value = "-" if most is None else size(most)
    return Row(
        "Memory, most", value, _beside(most, before, size), BAD if most and before and most > before * _NOTICED else ""
    )


def _up(seen: Day, before: Day | None) -> Row:
    part = seen.answered / seen.looks
    past = f"{share(before.answered / before.looks)} the day before" if before else ""
    since = f"since {datetime.fromtimestamp(seen.last.started).astimezone():%d %b %H:%M}" if seen.last.started else ""
    return Row("Up", share(part), "; ".join(filter(None, (since, past))), GOOD if part == 1 else BAD)


def _restarts(seen: Day, before: Day | None) -> Row:
    value = f"{several(seen.last.workers, 'worker')}, {number(seen.restarts)} restarted"
    return Row("Workers", value, f"{number(before.restarts)} the day before" if before else "")


def _machine(report: Report) -> tuple[Row, ...]:
    certificate = Row("Certificate", report.subject.certificate)
    seen, before = report.figures.seen, report.before.seen
    return (*_state(seen, before), certificate) if seen else (certificate,)


def _state(seen: Day, before: Day | None) -> tuple[Row, ...]:
    last, old = seen.last, before.last if before else None
    load = _beside(seen.most_load, before.most_load if before else None, lambda load: f"{load:.2f}")
    memory = before.least_machine_memory_free if before else None
    return (
        Row("Load, most", f"{seen.most_load:.2f}", load),
        Row(
            "Memory free, least",
            f"{size(seen.least_machine_memory_free)} of {size(last.machine_memory)}",
            _beside(seen.least_machine_memory_free, memory, size),
            BAD if seen.least_machine_memory_free < last.machine_memory * (1 - _FULL) else "",
        ),
        _disk(last, old),
    )


def _disk(last: Look, old: Look | None) -> Row:
    used = last.disk - last.disk_free
    grown = _growth(last.disk_free, old.disk_free if old else None)
    value = f"{size(last.disk_free)} of {size(last.disk)}"
    return Row("Disk free", value, grown, BAD if used > last.disk * _FULL else "")


def _growth(now: int, before: int | None) -> str:
    if before is None:
        return ""
    if size(now) == size(before):
        return "as much as the day before"
    return f"{size(abs(now - before))} {'more' if now > before else 'less'} than the day before"
