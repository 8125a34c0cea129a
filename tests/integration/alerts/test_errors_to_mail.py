"""From the spool of an app to the mailbox of its administrator: what is told, when, and how often."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.alerts.conftest import Shop, counted, text_of
from tests.integration.alerts.servers import Authority, Inbox, mail_server

WORKER = (sys.executable, "-m", "tests.integration.alerts.worker")
KILLED = (sys.executable, "-m", "tests.integration.alerts.killed")
MINUTE = 60.0


def workers(shop: Shop, *, each: int, kinds: int) -> list["subprocess.Popen[bytes]"]:
    argv = (*WORKER, str(shop.layout.alerts), str(each), str(kinds))
    return [subprocess.Popen(argv) for _ in range(4)]


def test_the_first_error_of_a_group_is_mailed_at_once(shop: Shop, inbox: Inbox) -> None:
    shop.mailed_by(inbox.port).spool()

    assert shop.run() is None

    assert inbox.subjects() == ["[shop] ZeroDivisionError: division by zero (shop/views.py:41 in buy)"]


@pytest.mark.parametrize("make", [Path.mkdir, lambda spool: spool.symlink_to("/etc/passwd")], ids=["folder", "link"])
def test_what_lies_in_the_place_of_the_spool_keeps_no_error_back(
    shop: Shop, inbox: Inbox, make: Callable[[Path], None]
) -> None:
    shop.mailed_by(inbox.port)
    make(shop.layout.spool)
    assert shop.run() is None

    shop.spool()

    assert shop.run() is None
    assert len(inbox.mails) == 1


def test_ten_thousand_errors_of_four_workers_make_two_mails_that_tell_of_each(shop: Shop, inbox: Inbox) -> None:
    shop.mailed_by(inbox.port)
    running = workers(shop, each=2500, kinds=1)
    while any(worker.poll() is None for worker in running):
        shop.now = min(shop.now + 0.1, shop.now + MINUTE)
        assert shop.run() is None
    shop.run()
    assert len(inbox.mails) == 1

    shop.run(11 * MINUTE)

    assert inbox.subjects("error") == [f"[shop] {10_000 - counted_first(inbox)} errors in 1 group"]
    assert len(inbox.mails) == 2
    assert counted(inbox) == 10_000
    assert [group.count for group in shop.groups()] == [10_000]
    assert [group.untold for group in shop.groups()] == [0]


def counted_first(inbox: Inbox) -> int:
    return counted(Inbox(mails=inbox.mails[:1]))


def test_fifty_different_errors_are_fifty_groups_and_none_is_missing_from_the_mails(shop: Shop, inbox: Inbox) -> None:
    shop.mailed_by(inbox.port)
    for worker in workers(shop, each=50, kinds=50):
        assert worker.wait() == 0
    shop.run()
    assert len(inbox.mails) == 9

    shop.run(11 * MINUTE)

    assert len(shop.groups()) == 50
    assert len(inbox.mails) == 10
    assert inbox.mails[-1]["X-Uncork"] == "digest"
    everything = "".join(text_of(mail) for mail in inbox.mails)
    assert [group.id for group in shop.groups() if f"show {group.id}" not in everything] == []
    assert counted(inbox) == 200


def test_repetitions_come_after_ten_minutes_and_then_hourly(shop: Shop, inbox: Inbox) -> None:
    shop.mailed_by(inbox.port).spool()
    kinds = []
    for _ in range(200):
        shop.spool()
        shop.run(MINUTE)
        kinds.append(len(inbox.mails))

    made = [minute + 1 for minute in range(1, 200) if kinds[minute] > kinds[minute - 1]]
    assert made == [11, 71, 131, 191]
    assert counted(inbox) + shop.groups()[0].untold == 201


def test_a_muted_group_is_counted_and_not_mailed(shop: Shop, inbox: Inbox) -> None:
    shop.mailed_by(inbox.port).spool()
    shop.run()
    shop.change(1, "muted")

    shop.spool(count=5)
    shop.run(11 * MINUTE)

    assert len(inbox.mails) == 1
    assert shop.groups()[0].count == 6


def test_what_the_app_mails_by_itself_is_counted_and_not_mailed_again(shop: Shop, inbox: Inbox) -> None:
    shop.mailed_by(inbox.port).spool(count=3, sent_by_app=True)
    shop.run(11 * MINUTE)

    assert inbox.mails == []
    assert [(group.count, group.by_app) for group in shop.groups()] == [(3, 3)]


def test_a_resolved_error_that_a_later_release_brings_back_is_a_regression(shop: Shop, inbox: Inbox) -> None:
    shop.mailed_by(inbox.port).spool()
    shop.run()
    shop.change(1, "resolved")
    shop.spool(count=2)
    shop.run(11 * MINUTE)
    assert (len(inbox.mails), shop.groups()[0].state) == (1, "resolved")

    shop.next_release()
    shop.spool()
    shop.run()

    assert inbox.subjects("error") == [
        "[shop] Back in release 13: ZeroDivisionError: division by zero (shop/views.py:41 in buy)"
    ]
    assert "resolved in release 12, back in release 13" in text_of(inbox.mails[-1])
    assert (shop.groups()[0].state, shop.groups()[0].count) == ("open", 4)


def test_a_mail_says_in_which_release_the_error_was_not_yet(shop: Shop, inbox: Inbox) -> None:
    history = '{"when":"","event":"up","release":%d,"result":"%s","seconds":1.0,"by":"me"}\n'
    shop.layout.history.write_text(history % (10, "ok") + history % (11, "refused") + history % (12, "ok"))
    shop.mailed_by(inbox.port).spool()
    shop.run()

    assert "first seen in release 12; not in 10\n" in text_of(inbox.mails[0])


def test_nobody_is_mailed_where_the_config_says_so(shop: Shop, inbox: Inbox) -> None:
    shop.mailed_by(inbox.port, level="", report="").spool()
    shop.run(11 * MINUTE)

    assert inbox.mails == []
    assert len(shop.groups()) == 1


def test_what_happened_while_nobody_could_be_told_comes_in_one_digest(shop: Shop, inbox: Inbox) -> None:
    for fp in range(30):
        shop.spool(fp, count=2)
    shop.run(86400.0)

    shop.mailed_by(inbox.port).run()

    assert inbox.subjects() == ["[shop] 60 errors in 30 groups"]


def test_torn_and_foreign_lines_cost_nothing_but_themselves(shop: Shop, inbox: Inbox) -> None:
    shop.mailed_by(inbox.port).spool()
    with shop.layout.spool.open("ab") as spool:
        spool.write(b'{"v":1,"kind":"err\n[]\n\n\xff\xfe\n' + b"[" * 100_000 + b"\n" + b"x" * 3_000_000 + b"\n")
    shop.spool(2)
    shop.layout.dropped.write_bytes(b"..")

    assert shop.run() is None

    assert len(inbox.mails) == 2
    assert "9 errors more could not be written down." in text_of(inbox.mails[0])
    assert "written down" not in text_of(inbox.mails[1])


def test_text_that_is_none_reaches_the_mail_as_far_as_it_can(shop: Shop, inbox: Inbox) -> None:
    shop.mailed_by(inbox.port).spool(message="half a pair: \ud800, a byte: \udcff", chain=[])

    assert shop.run() is None

    assert inbox.subjects() == ["[shop] ZeroDivisionError: half a pair: ?, a byte: ? (shop/views.py:41 in buy)"]


def test_an_error_can_add_no_header_to_a_mail(shop: Shop, inbox: Inbox) -> None:
    place = "shop/views.py:1 in buy\nBcc: somebody@example.com"
    shop.mailed_by(inbox.port).spool(message="\r\nBcc: somebody@example.com\r\n\r\nhello", place=place, chain=[])

    assert shop.run() is None

    (mail,) = inbox.mails
    assert mail["Bcc"] is None
    assert (
        mail["Subject"]
        == r"[shop] ZeroDivisionError: Bcc: somebody@example.com (shop/views.py:1 in buy\nBcc: somebody@example.com)"
    )
    assert "\r" not in text_of(mail)


def test_a_database_that_is_none_is_put_aside_and_it_is_said(
    shop: Shop, inbox: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    shop.layout.errors.write_bytes(b"no database" * 1000)
    shop.mailed_by(inbox.port).spool()

    assert shop.run() is None

    assert len(inbox.mails) == 1
    assert shop.layout.errors.with_name("errors.db.broken").exists()
    assert shop.layout.errors.stat().st_mode & 0o777 == 0o600
    assert f"{shop.layout.errors} is broken: it is put aside as errors.db.broken" in caplog.text


def test_a_folder_that_cant_be_written_is_told_and_nothing_is_lost(shop: Shop, inbox: Inbox) -> None:
    shop.mailed_by(inbox.port).spool()
    shop.layout.errors.mkdir()

    trouble = shop.collect()
    assert trouble
    assert "can't keep errors in" in trouble.problem

    shop.layout.errors.rmdir()
    assert shop.run() is None
    assert len(inbox.mails) == 1


def test_the_database_is_for_the_account_alone(shop: Shop) -> None:
    shop.spool()
    shop.collect()

    assert shop.layout.errors.stat().st_mode & 0o777 == 0o600


def test_a_process_that_can_import_nothing_any_more_tells_of_errors_too(shop: Shop, trusted: Authority) -> None:
    shop.spool(1)
    shop.layout.home.joinpath("again").write_text(shop.layout.spool.read_text())
    with mail_server(Inbox(), starttls=trusted.context()) as inbox:
        argv = (sys.executable, "-m", "tests.integration.alerts.sealed", str(shop.layout.home), str(inbox.port))
        ended = subprocess.run(argv, capture_output=True, text=True, check=False)

    assert ended.stderr == ""
    assert [mail["X-Uncork"] for mail in inbox.mails] == ["error", "digest"]


@pytest.mark.slow
def test_a_collector_that_is_killed_again_and_again_counts_each_error_once(shop: Shop) -> None:
    running = workers(shop, each=2500, kinds=10)
    kills = 0
    while any(worker.poll() is None for worker in running) or kills < 10:
        collector = subprocess.Popen((*KILLED, "collect", str(shop.layout.home), "1"), stdout=subprocess.PIPE)
        assert collector.stdout
        collector.stdout.read(1)
        os.kill(collector.pid, signal.SIGKILL)
        collector.wait()
        collector.stdout.close()
        kills += 1

    assert shop.collect() is None

    assert sum(group.count for group in shop.groups()) == 10_000
    assert [path.name for path in shop.layout.alerts.iterdir() if "taken" in path.name] == []
