"""uWSGI's INI: what is in it, that no value gets out of its place, and how workers are read."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Golden
from uncork.errors import UsageError
from uncork.servers import SERVERS
from uncork.servers.server import Build
from uncork.servers.uwsgi import escape
from uncork.serving import Protocol, ServerSettings

UWSGI = SERVERS["uwsgi"]
HOME = Path("/srv/uncork/apps/guestbook")
BUILD = Build(
    app="guestbook",
    release=12,
    directory=HOME / "releases" / "12",
    venv=HOME / "venvs" / "3f2a",
    log=HOME / "logs" / "server.log",
    processes=4,
    threads=1,
    worker_memory=512 * 1024 * 1024,
    request_timeout=30.0,
    drain=30.0,
    backlog=4096,
    frameworks=("flask", "sqlalchemy"),
)


def read_back(text: str) -> dict[str, str]:
    """What core/ini.c and magic_sub make of a file: `%` and another character is magic, or nothing at all."""
    said = text.replace("%%", "\0")
    assert "%" not in said
    lines = (line.strip(" \t\r") for line in said.replace("\0", "%").split("\n"))
    pairs = (line.partition("=") for line in lines if line and line[0] not in "#;[")
    return {key.rstrip(" \t\r"): value.strip(" \t\r") for key, _, value in pairs}


def ini(build: Build) -> dict[str, str]:
    (file,) = UWSGI.files(build)
    return read_back(file.content)


@pytest.mark.parametrize(
    ("case", "build"),
    [
        ("default", BUILD),
        ("threads", replace(BUILD, frameworks=(), threads=4, request_timeout=0.5, drain=0.0, worker_memory=1)),
        ("http_socket", replace(BUILD, settings=ServerSettings(protocol="http-socket"))),
        ("http", replace(BUILD, settings=ServerSettings(protocol="http"), max_body=1_000_000)),
        ("gevent", replace(BUILD, settings=ServerSettings(gevent=100))),
        ("cheaper", replace(BUILD, settings=ServerSettings(cheaper=1))),
        ("idle", replace(BUILD, settings=ServerSettings(idle=600.0))),
        ("strange_paths", replace(BUILD, directory=Path("/srv/100%d/a ; b/é"))),
    ],
)  # fmt: skip
def test_the_ini_is_as_an_expert_writes_it(golden: Golden, case: str, build: Build) -> None:
    golden(case, {file.path.name: file.content for file in UWSGI.files(build)})


def test_the_service_runs_the_release_by_its_real_path_and_stops_gracefully() -> None:
    service = UWSGI.service(BUILD)
    assert service.argv == (str(BUILD.venv / "bin/uwsgi"), "--ini", str(BUILD.directory / "uwsgi.ini"))
    assert service.directory == str(BUILD.directory / "source")
    assert (service.stop_signal, service.stop_seconds) == ("TERM", 30.0)


def test_threads_are_only_said_where_there_are_several() -> None:
    assert "threads" not in ini(BUILD)
    assert ini(replace(BUILD, threads=2))["threads"] == "2"


def test_the_app_s_own_threads_live_whatever_the_number_of_threads() -> None:
    assert ini(BUILD)["enable-threads"] == "true"


def test_requests_in_flight_survive_a_stop() -> None:
    (text,) = (file.content for file in UWSGI.files(BUILD))
    assert "hook-master-start = unix_signal:15 gracefully_kill_them_all\n" in text
    assert "die-on-term =" not in text


def test_harakiri_never_meets_post_buffering() -> None:
    said = ini(replace(BUILD, threads=4))
    assert said["harakiri"] == "30"
    assert "post-buffering" not in said


def test_by_protocol_it_speaks_http_or_its_own_and_knows_what_it_stands_behind() -> None:
    ways = {way: ServerSettings(protocol=way) for way in ("uwsgi", "http-socket", "http")}
    assert {way: UWSGI.speaks(settings) for way, settings in ways.items()} == {
        "uwsgi": Protocol.UWSGI,
        "http-socket": Protocol.HTTP,
        "http": Protocol.UWSGI,  # to its own router, which speaks HTTP to the world
    }
    assert {way: UWSGI.fronts(settings)[0] for way, settings in ways.items()} == {
        "uwsgi": "nginx",
        "http-socket": "nginx",
        "http": "none",
    }


@pytest.mark.parametrize(
    ("settings", "processes", "threads", "said"),
    [
        (ServerSettings(cheaper=1), 4, 2, "would drop its requests"),
        (ServerSettings(cheaper=1, gevent=10), 4, None, "would drop its requests"),
        (ServerSettings(cheaper=4), 4, None, "less than `processes`, which is 4"),
        (ServerSettings(gevent=1), None, None, "does not start for one greenlet"),
        (ServerSettings(gevent=10), None, 2, "`gevent = 10` and `threads = 2`"),
        (ServerSettings(idle=60.0, gevent=10), None, None, "for one process"),
        (ServerSettings(idle=60.0, gevent=10), 2, None, "for one process"),
    ],
)
def test_what_loses_requests_is_refused(
    settings: ServerSettings, processes: int | None, threads: int | None, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        UWSGI.check(settings, processes, threads)


@pytest.mark.parametrize(
    ("settings", "processes", "threads"),
    [
        (ServerSettings(), None, 4),
        (ServerSettings(cheaper=1), None, None),
        (ServerSettings(cheaper=1), 2, 1),
        (ServerSettings(gevent=10), 4, 1),
        (ServerSettings(idle=60.0), 1, 4),
        (ServerSettings(idle=60.0, gevent=10), 1, None),
    ],
)
def test_what_loses_nothing_is_let_be(settings: ServerSettings, processes: int | None, threads: int | None) -> None:
    UWSGI.check(settings, processes, threads)


def test_greenlets_bring_gevent_and_patch_before_anything_is_imported() -> None:
    greenlets = ServerSettings(gevent=50)
    assert [line.partition(">")[0] for line in UWSGI.requires(greenlets)[1:]] == ["gevent"]
    said = ini(replace(BUILD, settings=greenlets))
    assert (said["gevent"], said["gevent-early-monkey-patch"]) == ("50", "true")
    assert "shared-pyimport" not in said


def test_one_that_may_be_idle_starts_nobody_and_imports_nothing_into_its_master() -> None:
    said = ini(replace(BUILD, settings=ServerSettings(idle=90.0)))
    assert (said["cheap"], said["idle"], said["cheaper"]) == ("true", "90", "2")
    assert "shared-pyimport" not in said


def test_fewer_processes_than_there_may_be_are_said_only_where_there_are_more() -> None:
    assert ini(replace(BUILD, settings=ServerSettings(cheaper=1)))["cheaper-initial"] == "$(UNCORK_PROCESSES)"
    assert "cheaper" not in ini(replace(BUILD, settings=ServerSettings(idle=60.0), processes=2))
    assert "cheaper" not in ini(replace(BUILD, settings=ServerSettings(idle=60.0), threads=2))


@pytest.mark.parametrize(
    ("found", "idle"),
    [
        ([(0, "cheap"), (0, "cheap")], True),
        ([(7, "cheap"), (0, "cheap")], False),  # it is leaving
        ([(7, "idle"), (0, "cheap")], False),
        ([(0, "idle")], False),  # it has just died
    ],
)
def test_it_is_idle_when_no_process_is_there_and_none_is_missed(found: list[tuple[int, str]], *, idle: bool) -> None:
    workers = [{"pid": pid, "status": status, "requests": 0, "rss": 0} for pid, status in found]
    assert UWSGI.is_idle(json.dumps({"workers": workers})) is idle


@given(st.text())
def test_a_value_comes_back_as_it_was_or_is_refused(value: str) -> None:
    try:
        escaped = escape(value)
    except UsageError:
        return
    assert read_back(f"a = {escaped}\nb = 1\n") == {"a": value, "b": "1"}
    assert not any(mark in value for mark in ("$(", "@(", "%("))


@pytest.mark.parametrize(
    "value",
    ["a\nexec-asap = sh", "$(HOME)", "@(exec://id)", "%(processes)", "a\0b", " a", "a\t", "a:b", "\udc80", "a\rb"],
)
def test_a_value_that_would_be_read_as_more_is_refused(value: str) -> None:
    with pytest.raises(UsageError):
        escape(value)


def test_a_hostile_path_is_refused_before_anything_is_written() -> None:
    with pytest.raises(UsageError, match="colon"):
        UWSGI.files(replace(BUILD, log=Path("/srv/1.2.3.4:514")))


@given(
    st.lists(
        st.tuples(st.integers(0, 9999), st.sampled_from(["idle", "busy", "cheap"]), st.integers(0), st.integers(0))
    )
)
def test_workers_that_run_are_read_from_the_stats(found: list[tuple[int, str, int, int]]) -> None:
    keys = ("pid", "status", "requests", "rss")
    text = json.dumps({"version": "2.0.30", "workers": [dict(zip(keys, worker, strict=True)) for worker in found]})
    said = [(w.pid, w.state, w.requests, w.rss_bytes) for w in UWSGI.workers(text)]
    assert said == [worker for worker in found if worker[0]]


@pytest.mark.parametrize("text", ["", "  ", '{"workers":[{"pid":1,', "[]", "null"])
def test_a_server_that_is_ending_has_no_workers(text: str) -> None:
    assert UWSGI.workers(text) == ()
    assert not UWSGI.is_idle(text)
