"""What logs give: the last lines, those since a time, those that match, those that come."""

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uncork.errors import UsageError
from uncork.layout import Layout
from uncork.workflows.log_query import Query, query, time_of
from uncork.workflows.logs import Log, follow, read

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=timezone.utc)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path, tmp_path / "run")


def write(layout: Layout, app: str, text: str, *, access: bool = False) -> Path:
    path = layout.app(app).access_log if access else layout.app(app).server_log
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def texts(layout: Layout, wanted: Query, *apps: str) -> list[str]:
    return [line.text for line in read(layout, apps or ("shop",), wanted)]


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


@given(lines=st.lists(st.text("ab ", max_size=5)), count=st.integers(0, 9), ended=st.booleans())
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


def test_since_takes_a_tracebacks_lines_with_the_line_they_belong_to(layout: Layout) -> None:
    write(
        layout,
        "shop",
        "start\n2026-01-31T10:00:00Z old\n  more old\n2026-01-31T11:55:00Z new\nTraceback:\n  boom\n",
    )

    assert texts(layout, query(None, "10m", None, NOW)) == ["2026-01-31T11:55:00Z new", "Traceback:", "  boom"]
    assert texts(layout, query(1, "2026-01-31T09:00:00Z", None, NOW)) == ["  boom"]


def test_grep_takes_what_matches(layout: Layout) -> None:
    write(layout, "shop", "GET /a 200\nGET /b 500\nGET /c 200\n")

    assert texts(layout, query(None, None, r" 5\d\d$", NOW)) == ["GET /b 500"]
    assert texts(layout, query(1, None, "200", NOW)) == ["GET /c 200"]


def test_the_access_log_is_another_file(layout: Layout) -> None:
    write(layout, "shop", "server\n")
    write(layout, "shop", "access\n", access=True)

    assert texts(layout, Query(access=True)) == ["access"]
    assert texts(layout, Query()) == ["server"]


def test_several_apps_are_merged_by_time(layout: Layout) -> None:
    write(layout, "blog", "2026-01-31T10:00:00Z b1\n tail\n2026-01-31T10:02:00Z b2\n")
    write(layout, "shop", "2026-01-31T10:01:00Z s1\n2026-01-31T10:03:00Z s2\n")

    found = read(layout, ("blog", "shop"), Query(4))

    assert [(line.app, line.text[-4:].strip()) for line in found] == [
        ("blog", "tail"),
        ("shop", "Z s1"),
        ("blog", "Z b2"),
        ("shop", "Z s2"),
    ]


def test_no_log_yet_is_no_line(layout: Layout) -> None:
    assert texts(layout, Query(5)) == []


@pytest.mark.parametrize(
    ("since", "grep", "problem"),
    [
        ("soon", None, "--since 'soon' is no time"),
        ("99999999999d", None, "--since '99999999999d' is no time"),
        (None, "a(", "--grep 'a(' is no regular expression: missing ), unterminated subpattern at position 1"),
    ],
)
def test_what_is_no_time_or_no_pattern_is_a_usage_error(since: str | None, grep: str | None, problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        query(None, since, grep, NOW)

    assert caught.value.problem == problem


def test_a_log_is_read_on_through_a_rename_and_an_emptying(layout: Layout) -> None:
    path = write(layout, "shop", "one\ntw")
    log = Log("shop", path)

    def came() -> list[str]:
        return [line.text for line in log.lines()]

    assert came() == ["one"]
    with path.open("a") as file:
        file.write("o\n")
    assert came() == ["two"]

    old = path.rename(path.with_name("server.log.1"))
    with old.open("a") as file:
        file.write("late\n")
    assert came() == ["late"]
    with old.open("a") as file:
        file.write("later\nunended")
    path.write_text("new\n")
    assert came() == ["later", "unended", "new"]

    path.write_text("")
    assert came() == []
    path.write_text("x\n")
    assert came() == ["x"]
    log.close()


def test_following_begins_with_the_last_lines(layout: Layout) -> None:
    path = write(layout, "shop", "one\ntwo\nthree\n")
    coming = follow(layout, ("shop",), Query(1))

    assert next(coming).text == "three"
    with path.open("a") as file:
        file.write("four\n")
    assert next(coming).text == "four"
    coming.close()  # type: ignore[attr-defined]
