"""`status`, `releases` and `logs`: what they print, and how they end."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.cli.fakes import Uncork
from uncork.model import Worker
from uncork.notices import Trouble
from uncork.reporting.hits import Hits
from uncork.serving import Maintenance
from uncork.workflows.releases import Row
from uncork.workflows.status import AppStatus, MachineStatus, Status

WORKERS = (Worker(7, "busy", 3, 1024**2), Worker(8, "idle", 2, 1024**2))
SHOP = AppStatus("shop", 2, "production", "running", "http://x/", "uwsgi", WORKERS, 5, "2026-01-01T00:00:00Z")
MACHINE = MachineStatus(2, (0.5, 0.4, 0.3), 8 * 1024**3, 1024**3)
STATUS = Status("/h", (SHOP,), "running", "running", MACHINE, agent="running")


def giving(uncork: Uncork, verb: str, found: object) -> None:
    uncork.put(f"uncork.workflows.{verb}", {verb: lambda *_: found})


def test_status_is_a_table_and_a_line(uncork: Uncork) -> None:
    giving(uncork, "status", STATUS)

    printed = uncork("status")

    assert printed.code == 0
    assert [" ".join(line.split()) for line in printed.out.splitlines()[:2]] == [
        "APP RELEASE ENVIRONMENT STATE SERVER WORKERS REQUESTS MEMORY SINCE ADDRESS",
        "shop 2 production running uwsgi 2 (1 busy) 5 2.0 MB 2026-01-01T00:00:00Z http://x/",
    ]
    assert printed.out.splitlines()[2] == (
        "front running, supervisor running, agent running; 2 cores, load 0.50, 8.0 GB of memory, 1.0 GB of disk free"
    )


def test_status_in_json_has_the_shape_that_is_promised(uncork: Uncork) -> None:
    giving(uncork, "status", STATUS)

    found = uncork("status", "--json").json

    assert found["apps"] == [
        {
            "name": "shop",
            "release": 2,
            "environment": "production",
            "state": "running",
            "url": "http://x/",
            "server": "uwsgi",
            "workers": [
                {"pid": 7, "state": "busy", "requests": 3, "rss_bytes": 1024**2, "restarts": 0},
                {"pid": 8, "state": "idle", "requests": 2, "rss_bytes": 1024**2, "restarts": 0},
            ],
            "requests_total": 5,
            "started": "2026-01-01T00:00:00Z",
            "cache": None,
            "maintenance": None,
            "certificate": None,
        }
    ]
    assert found["machine"] == {
        "cpus": 2,
        "load": [0.5, 0.4, 0.3],
        "memory_bytes": 8 * 1024**3,
        "free_disk_bytes": 1024**3,
    }


def test_status_says_what_the_front_does_in_an_app_s_place(uncork: Uncork) -> None:
    away = replace(SHOP, cache=Hits(812, 755), maintenance=Maintenance(allow=("10.0.0.0/8", "::1")))
    giving(uncork, "status", replace(STATUS, apps=(away,)))

    assert uncork("status").out.splitlines()[2:4] == [
        "maintenance: visitors of shop are told to come again, except for 10.0.0.0/8, ::1",
        "cache of shop: 93 % of the last 812 requests were answered by it",
    ]
    (app,) = uncork("status", "--json").json["apps"]
    assert app["cache"] == {"requests": 812, "hits": 755}


def test_status_is_exit_5_when_something_that_should_run_does_not(uncork: Uncork) -> None:
    giving(uncork, "status", replace(STATUS, apps=(replace(SHOP, state="failed", workers=()),)))

    assert uncork("status").code == 5
    assert uncork("status", "--json").json["front"] == "running"


def test_what_the_agent_can_not_do_is_a_line_with_nothing_in_it_for_the_terminal(uncork: Uncork) -> None:
    trouble = Trouble("shop", "mail can't be sent: 554 \x1b[31mgo away", "2026-11-22T16:05:12Z")
    giving(uncork, "status", replace(STATUS, troubles=(trouble,)))

    printed = uncork("status")

    assert printed.code == 0
    assert "trouble: shop: mail can't be sent: 554  [31mgo away (since 2026-11-22T16:05:12Z)\n" in printed.out
    assert uncork("status", "--json").json["troubles"] == [
        {"app": "shop", "what": "mail can't be sent: 554 \x1b[31mgo away", "since": "2026-11-22T16:05:12Z"}
    ]


def test_releases_are_a_table_or_a_list(uncork: Uncork) -> None:
    uncork.deployed("shop")
    kept = Row(2, "2026-01-02", "live", "production", "0123", "uwsgi", "3.11.2")
    uncork.put("uncork.workflows.releases", {"releases": lambda *_: (kept, Row(None, "2026-01-01", "refused"))})

    assert uncork("releases").out.splitlines()[1].split() == [
        *("2", "live", "2026-01-02", "production", "uwsgi", "3.11.2", "0123")
    ]
    found = uncork("releases", "--json").json
    assert [row["id"] for row in found["releases"]] == [2]  # type: ignore[attr-defined]
    assert [row["created"] for row in found["refused"]] == ["2026-01-01"]  # type: ignore[attr-defined]


def log(uncork: Uncork, app: str, text: str) -> Path:
    path = uncork.home / "apps" / app / "logs" / "server.log"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return path


def test_logs_of_the_only_app_are_plain_lines(uncork: Uncork) -> None:
    log(uncork, "shop", "one\ntwo\n")

    assert uncork("logs").out == "one\ntwo\n"
    assert uncork("logs", "-n", "1").out == "two\n"
    assert uncork("logs", "--grep", "o$").out == "two\n"


def test_logs_of_several_apps_name_the_app(uncork: Uncork) -> None:
    log(uncork, "blog", "one\n")
    log(uncork, "shop", "two\n")

    assert uncork("logs").out == "blog | one\nshop | two\n"
    assert uncork("logs", "--app", "shop").out == "two\n"


def test_logs_in_json_are_an_object_a_line(uncork: Uncork) -> None:
    log(uncork, "shop", "2026-01-31T10:00:00Z a\xff\nprinted\n")

    one, other = (json.loads(line) for line in uncork("logs", "--json").out.splitlines())

    assert one == {
        "schema": 1,
        "time": "2026-01-31T10:00:00.000Z",
        "source": "server",
        "app": "shop",
        "level": None,
        "message": "2026-01-31T10:00:00Z a\xff",
        "request": None,
        "release": None,
        "text": "2026-01-31T10:00:00Z a\xff",
        "fields": {},
    }
    assert (other["text"], other["time"]) == ("printed", one["time"])


def test_a_log_can_be_named_and_the_access_log_has_a_short_name(uncork: Uncork) -> None:
    path = log(uncork, "shop", "server\n")
    path.with_name("access.log").write_text('{"time":"2026-01-31T10:00:00Z","status":200}\n')

    assert uncork("logs", "--only", "server").out == "server\n"
    assert uncork("logs", "--access").out == uncork("logs", "--only", "access").out != ""
    assert uncork("logs", "--access", "--only", "app").code == 2


def test_a_terminal_is_shown_what_it_would_act_on(uncork: Uncork, monkeypatch: pytest.MonkeyPatch) -> None:
    from uncork.cli import logs

    class Terminal:
        def isatty(self) -> bool:
            return True

    printed: list[str] = []
    log(uncork, "shop", "\x1b]0;title\x07\x1b[31mred\x1b[0m\ttab\n")
    monkeypatch.setattr(logs.sys, "stdout", Terminal())
    monkeypatch.setattr(logs.click, "echo", printed.append)

    logs.command.main(["--app", "shop"], standalone_mode=False)

    assert printed == ["\x1b[1mserver\x1b[0m  \\x1b]0;title\\x07\x1b[31mred\x1b[0m\ttab"]


def test_logs_with_a_wrong_pattern_are_a_usage_error(uncork: Uncork) -> None:
    log(uncork, "shop", "")
    printed = uncork("logs", "--grep", "a(", "--json")

    assert printed.code == 2
    assert "is no regular expression" in json.dumps(printed.json)
