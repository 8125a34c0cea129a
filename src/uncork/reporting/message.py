"""A report as a message: the subject, plain text, and HTML that mail programs and phones can show."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from html import escape
from typing import Final

from uncork.notices import Message
from uncork.rendering import as_it_is, render
from uncork.reporting.charts import charts, line
from uncork.reporting.report import Figures, Report, Subject
from uncork.reporting.sections import Row, Section, sections, summary
from uncork.reporting.words import weekday

_HTML: Final = "report.html.j2"
_TEXT: Final = "report.txt.j2"
_UNIT: Final = re.compile(r"(?<=\d) (?=(?:%|ms|s|B|kB|MB|GB|TB)\b|%)")
_LABEL: Final = 20
_VALUE: Final = 22


def message(report: Report) -> Message:
    """Return the message that tells a report."""
    return Message(f"Status of {report.day}: {summary(report)}", text(report), html(report), "report")


def html(report: Report) -> str:
    """Return a report as a page of HTML: one column, all of it inline."""
    return render(
        __package__, _HTML, _shown, report=report, day=weekday(report.day), summary=summary(report),
        charts=charts(report.hours), sections=sections(report),
    )  # fmt: skip


def text(report: Report) -> str:
    """Return a report as plain text."""
    return render(
        __package__, _TEXT, as_it_is, report=report, day=weekday(report.day), summary=summary(report),
        hours=line([hour.requests for hour in report.hours]), times=line([hour.p95 or 0.0 for hour in report.hours]),
        sections=[(section.title, tuple(_lines(section))) for section in sections(report)],
    )  # fmt: skip


def preload() -> None:
    """Read the templates and import what renders them, by telling a report of nothing."""
    nothing = Figures(0, 0, 0, 0, None, None, None, None)
    day = date.min + timedelta(days=1)
    message(Report(Subject("", "", "", ""), day, True, nothing, nothing, (), (), ()))  # noqa: FBT003


def _shown(text: str) -> str:
    """A figure and its unit stay in one line."""
    return _UNIT.sub("&nbsp;", escape(text))


def _lines(section: Section) -> Iterator[str]:
    if not section.rows:
        yield f"  {section.empty}"
    for row in section.rows:
        yield from _line(row)


def _line(row: Row) -> Iterator[str]:
    """A row is a line, or where its label is long, two."""
    if len(row.label) > _LABEL:
        yield f"  {row.label}"
        yield f"  {'':{_LABEL}}  {row.value:{_VALUE}}  {row.note}".rstrip()
    else:
        yield f"  {row.label:{_LABEL}}  {row.value:{_VALUE}}  {row.note}".rstrip()
