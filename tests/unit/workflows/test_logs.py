"""What logs give: the last records, those since a time, those that match, those that come, of all logs by time."""

import gzip
import json
from datetime import datetime, timedelta, timezone
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uncork.errors import UsageError, UserError
from uncork.layout import Layout
from uncork.workflows.log_file import REGION, Log
from uncork.workflows.log_following import Following
from uncork.workflows.log_query import Query, Words, query
from uncork.workflows.log_record import Record, blocks, record, time_of
from uncork.workflows.logs import follow, read, sources

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=timezone.utc)
FAILED = """\
2026-01-31T10:00:01.000Z ERROR shop.views: payment failed [id=abcdef12 POST /buy client=::1 release=12 production]
    Traceback (most recent call last):
      File "shop/views.py", line 41, in buy
    ZeroDivisionError: division by zero
"""


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path, tmp_path / "run")


def write(layout: Layout, app: str, text: str, source: str = "server") -> Path:
    paths = layout.app(app)
    path = {
        "app": paths.app_log, "server": paths.server_log, "access": paths.access_log, "agent": layout.agent_log,
        "front": layout.front_log,
    }[source]  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def found(layout: Layout, wanted: Query, *apps: str) -> list[Record]:
    return list(read(sources(layout, apps or ("shop",), wanted, shared=True), wanted))


def texts(layout: Layout, wanted: Query, *apps: str) -> list[str]:
    return [one.text for one in found(layout, wanted, *apps)]


def heads(layout: Layout, wanted: Query) -> list[str]:
    return [text.partition("\n")[0] for text in texts(layout, wanted)]


def asked(**words: "str | int") -> Query:
    return query(Words(**words), NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "line",
    [
        "2026-01-31T10:00:00+0000 - spawned uWSGI worker 1",
        "2026-01-31T12:00:00+02:00 hello",
        "[2026-01-31T10:00:00.5Z] ERROR in app: boom",
        '{"time":"2026-01-31T10:00:00+00:00","status":200}',
        "INFO:2026-01-31T10:00:00,123456789Z:x",
    ],
)
def test_the_time_of_a_line_is_read(line: str) -> None:
    found = time_of(line)

    assert found
    assert found.replace(microsecond=0) == datetime(2026, 1, 31, 10, tzinfo=timezone.utc)


def test_a_time_without_a_zone_is_this_machines() -> None:
    local = datetime(2026, 1, 31, 10).astimezone(timezone.utc)

    assert time_of("2026-01-31 10:00:00,123 INFO x") == local + timedelta(milliseconds=123)
    assert time_of("*** Starting uWSGI on [Sat Jan 31 10:00:00 2026] ***") is None
    assert time_of("Sat Jan 31 10:00:00 2026 - x") == local


@pytest.mark.parametrize("line", ["", "  File x, line 3", "2026-13-45T99:00:00 x", "see 12:30", "0001-01-01 00:00:00"])
def test_a_line_without_a_time_has_none_or_crashes_nothing(line: str) -> None:
    found = time_of(line)

    assert found is None or found.year == 1


@given(lines=st.lists(st.text("ab", min_size=1, max_size=5)), count=st.integers(0, 9), ended=st.booleans())
@settings(max_examples=60, deadline=None)
def test_the_last_lines_are_those_of_the_whole_file(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], count: int, *, ended: bool
) -> None:
    layout = Layout(tmp_path_factory.mktemp("h"), Path("/run"))
    text = "\n".join(lines) + ("\n" if ended and lines else "")
    write(layout, "shop", text)
    whole = text.removesuffix("\n").split("\n") if text else []

    assert texts(layout, Query(count)) == (whole[-count:] if count else [])


def test_a_long_file_is_read_from_its_end(layout: Layout) -> None:
    write(layout, "shop", "".join(f"{i} {'x' * 200}\n" for i in range(2000)))

    assert [text.split()[0] for text in texts(layout, Query(500))] == [str(i) for i in range(1500, 2000)]


def test_more_lines_may_be_asked_for_than_any_machine_can_count(layout: Layout) -> None:
    write(layout, "shop", "one\ntwo\n")
    assert texts(layout, asked(count=10**30)) == ["one", "two"]


def test_since_takes_a_tracebacks_lines_with_the_line_they_belong_to(layout: Layout) -> None:
    write(
        layout,
        "shop",
        "start\n2026-01-31T10:00:00Z old\n  more old\n2026-01-31T11:55:00Z new\n"
        "Traceback (most recent call last):\n  x\n"
        "KeyError: 1\n\nDuring handling of the above exception, another exception occurred:\n\n"
        "Traceback (most recent call last):\n  y\nValueError: 2\nprinted\n",
    )

    new, printed = found(layout, asked(since="10m"))
    assert new.text.startswith("2026-01-31T11:55:00Z new\nTraceback")
    assert new.text.endswith("  y\nValueError: 2")
    assert (printed.text, printed.time) == ("printed", new.time)
    assert texts(layout, asked(since="2026-01-31T09:00:00Z", count=1)) == ["printed"]


def test_a_traceback_stays_with_its_record_whatever_is_looked_for(layout: Layout) -> None:
    write(layout, "shop", "2026-01-31T10:00:00.000Z INFO shop: well [release=12 production]\n" + FAILED, "app")

    for words in ({"grep": "division by"}, {"grep": "payment"}, {"level": "error"}, {"request": "abcdef12"}):
        assert texts(layout, asked(**words)) == [FAILED.rstrip("\n")]  # type: ignore[arg-type]


def test_grep_takes_what_matches(layout: Layout) -> None:
    write(layout, "shop", "GET /a 200\nGET /b 500\nGET /c 200\n")

    assert texts(layout, asked(grep=r" 5\d\d$")) == ["GET /b 500"]
    assert texts(layout, asked(count=1, grep="200")) == ["GET /c 200"]


def test_all_logs_are_merged_by_time_and_some_can_be_named(layout: Layout) -> None:
    write(layout, "shop", FAILED, "app")
    write(layout, "shop", "2026-01-31T10:00:00+0000 - server\n")
    write(layout, "shop", '{"time":"2026-01-31T10:00:01.500+00:00","id":"abcdef12","status":500}\n', "access")
    write(layout, "", "2026-01-31T10:00:03.000Z WARNING shop: agent\n", "agent")
    local = datetime(2026, 1, 31, 10, 0, 2, tzinfo=timezone.utc).astimezone()
    write(layout, "", f"{local:%Y/%m/%d %H:%M:%S} [error] 7#0: front\n", "front")

    assert [one.source for one in found(layout, asked())] == ["server", "app", "access", "front", "agent"]
    assert [one.source for one in found(layout, asked(since="1d"))] == ["server", "app", "access", "front", "agent"]
    assert [one.source for one in found(layout, asked(only="access, app"))] == ["app", "access"]
    assert [one.source for one in found(layout, asked(level="ERROR"))] == ["app", "access", "front"]
    assert [one.source for one in found(layout, asked(request="abcdef12"))] == ["app", "access"]


def test_what_a_record_says_of_itself_is_known(layout: Layout) -> None:
    write(layout, "shop", FAILED, "app")
    access = {
        "time": "2026-01-31T10:00:02+00:00",
        "id": "x1",
        "status": 404,
        "method": "GET",
        "uri": "/",
        "seconds": 0.02,
    }
    write(layout, "shop", json.dumps({**access, "release": 12}) + "\n", "access")

    logged, answered = found(layout, asked(release=12))
    assert (logged.level, logged.message, logged.request) == ("ERROR", "payment failed", "abcdef12")
    assert logged.fields["logger"] == "shop.views"
    assert (answered.level, answered.message, answered.request) == ("INFO", "GET / 404 in 20 ms", "x1")
    assert answered.fields["status"] == 404
    assert not found(layout, asked(release=1))


def test_records_in_json_are_known_by_their_keys() -> None:
    line = {"time": "2026-01-31T10:00:00.5Z", "level": "WARNING", "logger": "a", "message": "m", "release": 3, "x": [1]}

    one = record("shop", "app", (json.dumps(line),), None)

    assert (one.level, one.message, one.release, one.fields) == ("WARNING", "m", 3, {"logger": "a", "x": [1]})
    assert one.time == datetime(2026, 1, 31, 10, 0, 0, 500000, timezone.utc)


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("2026-01-31 10:00:00,123 WARNING shop: x", "WARNING"),
        ("[2026-01-31 10:00:00] CRITICAL in app: x", "CRITICAL"),
        ("INFO:root:ERROR is a word", "INFO"),
        ("2026/01/31 10:00:00 [warn] 7#0: x", "WARNING"),
        ("2026/01/31 10:00:00 [crit] 7#0: x", "CRITICAL"),
        ("Traceback (most recent call last):", "ERROR"),
        ("DAMN ! worker 1 (pid: 7) died, killed by signal 9 :( trying respawn ...", "ERROR"),
        ("printed", ""),
        ("no error here", ""),
    ],
)
def test_the_level_of_a_line_is_read(line: str, level: str) -> None:
    one = record("shop", "server", (line,), None)

    assert one.level == level
    assert Query(level="WARNING").may_want(line.encode()) or not Query(level="WARNING").wants(one)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ({"level": "warning"}, '{"level": "WARNING", "message": "x"}'),
        ({"level": "error"}, '{"time": "2026-01-31T10:00:00Z", "status":502}'),
        ({"release": 12}, '{"time": "2026-01-31T10:00:00Z","release":12}'),
        ({"release": 12}, '{"time": "2026-01-31T10:00:00Z", "release": 12}'),
        ({"release": 12}, "2026-01-31T10:00:00.000Z INFO x: y [release=12 production]"),
        ({"request": "a-b.c_1"}, "2026-01-31T10:00:00.000Z INFO x: y [id=a-b.c_1 GET / release=12 production]"),
        ({"grep": "a b/c"}, "2026-01-31T10:00:00.000Z a b/c"),
        ({"grep": "^2026.*é$"}, "2026-01-31T10:00:00.000Z é"),
    ],
)
def test_what_is_wanted_is_never_passed_over_for_speed(words: "dict[str, str | int]", line: str) -> None:
    wanted = asked(**words)

    assert wanted.wants(record("shop", "access", (line,), None))
    assert wanted.may_want(line.encode())
    assert not wanted.may_want(b"2026-01-31T10:00:00.000Z INFO x: else\n") or "grep" in words


@given(st.lists(st.sampled_from(["a", " b", "", "Traceback (most recent call last):", "2026-01-31T10:00:00Z c"])))
def test_every_line_is_in_one_block_in_its_order(lines: list[str]) -> None:
    assert [line for block in blocks(lines) for line in block] == lines


def test_several_apps_are_merged_by_time(layout: Layout) -> None:
    write(layout, "blog", "2026-01-31T10:00:00Z b1\n2026-01-31T10:02:00Z b2\n tail\n")
    write(layout, "shop", "2026-01-31T10:01:00Z s1\n2026-01-31T10:03:00Z s2\n")

    assert [(one.app, one.text[21:]) for one in found(layout, Query(3), "blog", "shop")] == [
        ("shop", "s1"),
        ("blog", "b2\n tail"),
        ("shop", "s2"),
    ]


@pytest.mark.parametrize("kind", ["link", "folder"])
def test_a_log_that_is_no_file_of_its_own_is_refused_with_what_to_do(layout: Layout, kind: str) -> None:
    log = write(layout, "shop", "")
    log.unlink()
    if kind == "link":
        log.symlink_to("/etc/passwd")
    else:
        log.mkdir()
    with pytest.raises(UserError) as caught:
        texts(layout, asked())

    assert caught.value.problem.startswith(f"{log} is {'a symbolic link' if kind == 'link' else 'no regular file'}")
    assert "uncork restart" in caught.value.fix


def test_no_log_yet_is_no_record(layout: Layout) -> None:
    assert texts(layout, Query(5)) == []
    assert texts(layout, asked(since="1d")) == []


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ({"since": "soon"}, "--since 'soon' is no time"),
        ({"since": "99999999999d"}, "--since '99999999999d' is no time"),
        ({"grep": "a("}, "--grep 'a(' is no regular expression: missing ), unterminated subpattern at position 1"),
        ({"only": "app,mail"}, "--only 'mail' is no log"),
    ],
)
def test_what_is_no_time_pattern_or_log_is_a_usage_error(words: dict[str, str], problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        asked(**words)

    assert caught.value.problem == problem


def test_rotated_logs_are_read_too(layout: Layout) -> None:
    path = write(layout, "shop", "2026-01-31T10:03:00.000Z 3\n")
    for minute, name in enumerate(("-20260131-100050.gz", "-20260131-100150", "-20260131-100150.1")):
        text = f"2026-01-31T10:0{minute}:00.000Z {minute}\n".encode()
        path.with_name(path.name + name).write_bytes(gzip.compress(text) if name.endswith(".gz") else text)

    assert [text[-1] for text in texts(layout, asked())] == ["0", "1", "2", "3"]
    assert [text[-1] for text in texts(layout, asked(since="2026-01-31T10:01:00Z"))] == ["1", "2", "3"]
    assert [text[-1] for text in texts(layout, asked(grep="Z 0"))] == ["0"]


def test_logs_that_supervisord_rotated_are_read_too(layout: Layout) -> None:
    path = write(layout, "", "2026-01-31T10:03:00.000Z 3\n", "agent")
    for number in (1, 2):
        path.with_name(f"{path.name}.{number}").write_text(f"2026-01-31T10:0{3 - number}:00.000Z {3 - number}\n")

    assert [text[-1] for text in texts(layout, asked())] == ["1", "2", "3"]


def test_a_broken_rotated_log_keeps_nothing_else_from_being_shown(layout: Layout) -> None:
    path = write(layout, "shop", "2026-01-31T10:03:00Z there\n")
    path.with_name(f"{path.name}-20260131-100050.gz").write_bytes(gzip.compress(b"x" * 9999)[:20])

    assert texts(layout, asked()) == ["2026-01-31T10:03:00Z there"]


@given(minute=st.integers(0, 240))
@settings(max_examples=30, deadline=None)
def test_all_since_a_time_is_found_in_a_long_log(tmp_path_factory: pytest.TempPathFactory, minute: int) -> None:
    layout = Layout(tmp_path_factory.mktemp("h"), Path("/run"))
    start = datetime(2026, 1, 31, 8, tzinfo=timezone.utc)
    times = [f"{start + timedelta(minutes=number):%Y-%m-%dT%H:%M:%SZ}" for number in range(240)]
    write(layout, "shop", "".join(f"{time} {'x' * (REGION // 50)}\n more\n" for time in times))

    wanted = asked(since=f"{start + timedelta(minutes=minute):%Y-%m-%dT%H:%M:%SZ}")

    assert [text.partition(" ")[0] for text in texts(layout, wanted)] == times[minute:]


def test_a_log_is_read_on_through_a_rename_and_an_emptying(layout: Layout) -> None:
    path = write(layout, "shop", "before\n")
    following = Following(Log("shop", "server", path))

    def came() -> list[str]:
        return [one.text for _ in range(2) for one in following.records()]

    with path.open("a") as file:
        file.write("one\ntw")
    assert came() == ["one"]
    with path.open("a") as file:
        file.write("o\n")
    assert came() == ["two"]

    old = path.rename(path.with_name("server.log-20260131-100000"))
    with old.open("a") as file:
        file.write("late\n")
    assert came() == ["late"]
    path.write_text("new\n")
    assert came() == ["new"]
    with old.open("a") as file:
        file.write("later still\n")
    assert came() == ["later still"]

    path.write_text("")
    assert came() == []
    path.write_text("x\n")
    assert came() == ["x"]
    following.close()


def test_a_traceback_that_is_written_in_pieces_comes_as_one(layout: Layout) -> None:
    path = write(layout, "shop", "")
    following = Following(Log("shop", "server", path))
    came: list[str] = []
    for piece in ("2026-01-31T10:00:00Z x\nTraceback (most recent", " call last):\n  File\n", "KeyError: 1\n", ""):
        with path.open("a") as file:
            file.write(piece)
        came += [one.text for one in following.records()]
    following.close()

    assert came == ["2026-01-31T10:00:00Z x\nTraceback (most recent call last):\n  File\nKeyError: 1"]


def test_following_begins_with_the_last_records(layout: Layout) -> None:
    path = write(layout, "shop", "one\ntwo\nthree\n")
    coming = follow(sources(layout, ("shop",), Query(1), shared=True), Query(1))

    assert next(coming).text == "three"
    with path.open("a") as file:
        file.write("four\nfive\n")
    assert [one.text for one in islice(coming, 2)] == ["four", "five"]
    coming.close()  # type: ignore[attr-defined]
