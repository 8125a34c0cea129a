"""What the agent does for the status report: it counts, looks, and posts each day's report once."""

import os
import sqlite3
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from tests.unit.recipes.parts import release
from uncork.alerts import store
from uncork.app_layout import AppLayout
from uncork.errors import UsageError
from uncork.layout import Layout
from uncork.notices import Mail
from uncork.workflows.report import Reports, day, report

ADMINS = Mail(server="localhost", port=25, admins=("admin@example.com",), report="07:00")
SHOP = replace(release(12), mail=ADMINS)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path, tmp_path / "run")
    shop = layout.app("shop")
    for folder in (shop.logs, shop.alerts, shop.releases):
        folder.mkdir(parents=True)
    return layout


def at(text: str) -> float:
    return datetime.fromisoformat(text).astimezone().timestamp()


def served(shop: AppLayout, day: str, count: int = 3) -> None:
    with shop.access_log.open("a") as log:
        log.write(
            f'{{"time":"{day}T12:00:00.000+00:00","status":200,"seconds":0.1,"method":"GET","route":"/"}}\n' * count
        )


def posted(shop: AppLayout) -> list[tuple[str, str]]:
    if not shop.errors.exists():
        return []
    with store.opened(shop.errors) as database:
        return [(row["name"], row["subject"]) for row in database.execute("SELECT name, subject FROM outbox")]


def test_a_days_report_is_posted_once_in_the_morning_though_the_agent_starts_anew(layout: Layout) -> None:
    shop = layout.app("shop")
    served(shop, "2026-11-21")
    reports = Reports(layout)
    for moment in ("2026-11-21T23:00:00", "2026-11-22T06:59:59"):
        assert reports.tick(SHOP, at(moment)) == ""
    assert posted(shop) == []

    for moment in ("2026-11-22T07:00:30", "2026-11-22T07:00:31"):
        assert reports.tick(SHOP, at(moment)) == ""
    assert Reports(layout).tick(SHOP, at("2026-11-22T09:00:00")) == ""

    assert posted(shop) == [("report-2026-11-21", "Status of 2026-11-21: 3 requests, none failed, no new errors")]


def test_a_report_that_was_due_while_the_agent_was_away_is_posted_later(layout: Layout) -> None:
    served(layout.app("shop"), "2026-11-21")

    Reports(layout).tick(SHOP, at("2026-11-22T18:00:00"))

    assert [name for name, _ in posted(layout.app("shop"))] == ["report-2026-11-21"]


def test_each_day_has_its_report(layout: Layout) -> None:
    reports = Reports(layout)
    for number in (20, 21, 22):
        served(layout.app("shop"), f"2026-11-{number}")
        reports.tick(SHOP, at(f"2026-11-{number + 1}T08:00:00"))

    assert [name for name, _ in posted(layout.app("shop"))] == [f"report-2026-11-{number}" for number in (20, 21, 22)]


@pytest.mark.parametrize(
    "changes",
    [{"mail": Mail()}, {"mail": replace(ADMINS, report="")}],
    ids=["nobody is named", "it is off"],
)
def test_no_report_is_posted_when_nobody_wants_one(layout: Layout, changes: dict[str, object]) -> None:
    served(layout.app("shop"), "2026-11-21")

    Reports(layout).tick(replace(SHOP, **changes), at("2026-11-22T08:00:00"))  # type: ignore[arg-type]

    assert posted(layout.app("shop")) == []


def test_a_day_of_which_nothing_is_known_has_no_report(layout: Layout) -> None:
    Reports(layout).tick(SHOP, at("2026-11-22T08:00:00"))

    assert posted(layout.app("shop")) == []


def test_a_day_that_the_app_was_looked_at_has_one_though_nobody_came(layout: Layout) -> None:
    reports = Reports(layout)
    reports.tick(SHOP, at("2026-11-21T08:00:00"))
    reports.tick(SHOP, at("2026-11-22T08:00:00"))

    assert [subject for _, subject in posted(layout.app("shop"))] == ["Status of 2026-11-21: 0 requests, no new errors"]


def test_a_stopped_app_is_not_said_to_be_down(layout: Layout) -> None:
    layout.app("shop").stopped.touch()
    reports = Reports(layout)
    reports.tick(SHOP, at("2026-11-21T08:00:00"))
    reports.tick(SHOP, at("2026-11-22T08:00:00"))

    assert posted(layout.app("shop")) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_what_can_not_be_kept_is_told_and_tried_again(layout: Layout) -> None:
    shop = layout.app("shop")
    served(shop, "2026-11-21")
    shop.alerts.chmod(0o500)
    reports = Reports(layout)
    assert "can't keep up the status report of shop" in reports.tick(SHOP, at("2026-11-21T13:00:00"))

    shop.alerts.chmod(0o700)
    assert reports.tick(SHOP, at("2026-11-21T13:00:01")) == ""


def test_a_locked_database_is_told_and_tried_again(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("uncork.machine.database.PATIENCE", 0.01)
    shop = layout.app("shop")
    served(shop, "2026-11-21")
    reports = Reports(layout)
    reports.tick(SHOP, at("2026-11-21T13:00:00"))
    served(shop, "2026-11-21")
    other = sqlite3.connect(shop.traffic, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    told = Reports(layout).tick(SHOP, at("2026-11-21T13:02:00"))
    other.close()

    assert told.startswith("can't keep up the status report of shop: ")
    assert reports.tick(SHOP, at("2026-11-21T13:02:01")) == ""


def test_without_a_day_it_is_yesterdays_or_todays_if_nothing_is_known_of_that(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The account that serves can't get to what root's tests keep.
    monkeypatch.setattr("uncork.machine.processes.account", lambda: None)
    shop, now = layout.app("shop"), datetime(2026, 11, 22, 10).astimezone()
    served(shop, "2026-11-22")
    today = report(layout, "shop", None, now)
    served(shop, "2026-11-21", 2)
    yesterday = report(layout, "shop", None, now)

    assert (today.day.day, today.figures.requests, today.over) == (22, 3, False)
    assert (yesterday.day.day, yesterday.figures.requests, yesterday.over) == (21, 2, True)


@pytest.mark.parametrize("text", ["tomorrow", "2026-13-01", "2026-11-23", ""])
def test_a_day_that_is_none_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError):
        day(text, datetime(2026, 11, 22).astimezone().date())
