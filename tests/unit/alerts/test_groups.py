"""What is kept of errors: bounded, each under an id of its own, and what a loss costs."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from uncork.alerts import groups as kept
from uncork.alerts.groups import Groups, Tally
from uncork.alerts.occurrence import Occurrence
from uncork.alerts.outbox import Outbox
from uncork.alerts.store import opened, transaction
from uncork.notices import Message

NOON = 1_700_000_000.0


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with opened(tmp_path / "errors.db") as found:
        yield found


def seen(database: sqlite3.Connection, fp: str, time: float = NOON, *, kind: str = "error", release: int = 1) -> None:
    one = Occurrence(kind, fp, time, release, message=f"at {time:g}")  # type: ignore[arg-type]
    tally = Tally(fp, time, time)
    tally.add(one, time)
    Groups(database).add(tally)


def test_ids_are_as_short_as_they_may_be(database: sqlite3.Connection) -> None:
    for fp in ("aaaaaa0000000000", "aaaaaa1111111111", "aaaaaa1222222222"):
        seen(database, fp)

    found = {group.fp: group.id for group in Groups(database).all(("open",))}
    assert found == {
        "aaaaaa0000000000": "aaaaaa",
        "aaaaaa1111111111": "aaaaaa1",
        "aaaaaa1222222222": "aaaaaa12",
    }
    assert [group.fp for group in Groups(database).named("aaaaaa")] == ["aaaaaa0000000000"]
    assert len(Groups(database).named("aaa")) == 3


def test_the_newest_few_occurrences_are_kept_in_full(database: sqlite3.Connection) -> None:
    for number in range(10):
        seen(database, "a" * 16, NOON + number)

    assert [sample.time for sample in Groups(database).samples("a" * 16)] == [NOON + 9, NOON + 8, NOON + 7]


def test_groups_that_are_too_many_are_forgotten_the_longest_unseen_first(
    database: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "MOST", 2)
    for number in range(5):
        seen(database, f"{number:016x}", NOON + number)

    assert Groups(database).prune() == 3
    assert [group.fp[-1] for group in Groups(database).all(("open",))] == ["4", "3"]
    assert database.execute("SELECT count(*) FROM samples").fetchone()[0] == 2


def test_a_group_whose_first_time_was_lost_has_a_name_until_it_is_known(database: sqlite3.Connection) -> None:
    seen(database, "b" * 16, kind="again")
    assert Groups(database).named("b")[0].title == kept.LOST

    seen(database, "b" * 16, NOON + 1)
    assert Groups(database).named("b")[0].title == f"at {NOON + 1:g}"
    assert Groups(database).named("b")[0].count == 2


def test_a_group_whose_message_is_empty_has_a_name_too(database: sqlite3.Connection) -> None:
    tally = Tally("d" * 16, NOON, NOON)
    tally.add(Occurrence("error", "d" * 16, NOON, level="ERROR", message=" \n"), NOON)
    Groups(database).add(tally)
    assert Groups(database).named("d")[0].title == "an error without a message"


def test_what_a_rollback_brings_back_is_no_regression(database: sqlite3.Connection) -> None:
    seen(database, "c" * 16, release=3)
    Groups(database).change("c" * 16, "resolved", 4)

    seen(database, "c" * 16, release=3)

    (group,) = Groups(database).named("c")
    assert (group.state, group.untold, group.count) == ("resolved", 0, 2)


def test_a_change_that_is_cut_short_is_none(database: sqlite3.Connection) -> None:
    def cut_short() -> None:
        with transaction(database):
            seen(database, "d" * 16)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cut_short()
    assert Groups(database).all(("open",)) == ()


def test_a_message_of_a_name_is_sent_once(database: sqlite3.Connection) -> None:
    outbox = Outbox(database)
    for text in ("first", "second"):
        outbox.post(Message("s", text, kind="report"), "report-2026-11-22", ("smtp",), NOON)
    entry = outbox.next("smtp", NOON)
    assert entry
    assert entry.message.text == "first"
    outbox.sent(entry, "smtp")

    outbox.post(Message("s", "third", kind="report"), "report-2026-11-22", ("smtp",), NOON)

    assert outbox.next("smtp", NOON) is None


def test_reports_that_pile_up_give_way_to_later_ones(database: sqlite3.Connection) -> None:
    for day in range(30):
        Outbox(database).post(Message("s", f"{day}", kind="report"), f"report-{day}", ("smtp", "webhook"), NOON)

    assert Outbox(database).waiting("smtp") == Outbox(database).waiting("webhook") == 7
    entry = Outbox(database).next("smtp", NOON)
    assert entry
    assert entry.message.text == "23"
