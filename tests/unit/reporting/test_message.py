"""The message that tells a report, in text and in HTML."""

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from tests.conftest import Golden
from tests.unit.reporting.parts import QUIET, REPORT, SATURDAY
from uncork.reporting import message


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("case", ["shop", "quiet"])
def test_a_message_is_as_it_was(case: str, golden: Golden) -> None:
    found = message.message({"shop": REPORT, "quiet": QUIET}[case])

    golden(case, {"subject.txt": found.subject + "\n", "report.txt": found.text, "report.html": found.html})
    assert found.kind == "report"


def test_memory_that_nobody_has_seen_yet_is_not_told_as_none() -> None:
    unseen = replace(REPORT, figures=replace(REPORT.figures, seen=replace(SATURDAY, most_memory=0)))

    assert re.search(r"Memory, most +-  +180\.0 MB the day before\n", message.text(unseen))
    assert "0 B" not in message.text(unseen)


def test_the_page_brings_all_that_it_shows() -> None:
    html = message.html(REPORT)

    assert not re.findall(r"<(?:script|img|svg|link|style|iframe)|url\(|@import", html)
    assert re.findall(r'(?:src|href)="([^"]*)"', html) == [REPORT.subject.address]


def test_what_a_visitor_named_is_text_in_the_page_and_harmless_on_a_terminal() -> None:
    found = message.message(REPORT)

    assert "<script>" not in found.html
    assert "\x1b" not in found.html + found.text
    assert "&lt;script&gt;" in found.html


def test_every_tag_of_the_page_is_closed() -> None:
    class Tags(HTMLParser):
        open: list[str]

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
            if tag != "meta":
                self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

    tags = Tags()
    tags.open = []
    tags.feed(message.html(REPORT))
    assert tags.open == []


def test_a_message_can_be_written_by_who_can_not_read_templates_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    message.preload()

    def unreadable(*_: object) -> bytes:
        raise PermissionError

    monkeypatch.setattr("pkgutil.get_data", unreadable)
    assert message.message(REPORT).text
