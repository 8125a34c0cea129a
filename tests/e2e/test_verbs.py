"""The verbs in the life of one app, in the order of that life: each sees what the one before has left."""

import hashlib
import json
import os
import time
from pathlib import Path
from typing import cast

import pytest

from tests.e2e.state import Json, Uncork, copied, eventually, gone, rewrite, state


def digest(root: Path) -> dict[str, str]:
    """Every path under a folder, with its mode, time of change and content, but for what runs and writes."""
    seen = {}
    for path in sorted(path for path in root.rglob("*") if not {"logs", "alerts", "agent"} & set(path.parts)):
        facts = path.lstat()
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        about = f"{facts.st_mode} {facts.st_mtime_ns} {hashlib.sha256(content).hexdigest()}"
        seen[str(path)] = about if not path.is_dir() else str(facts.st_mode)
    return seen


def numbers(uncork: Uncork) -> list[int]:
    """The releases that are kept."""
    return [int(str(row["id"])) for row in uncork.listed("releases", "releases")]


def test_up_tells_what_it_did_as_an_object(shared: Uncork, project: Path) -> None:
    told = shared.up(project, "--json").ok().json()
    assert told["schema"] == 1
    assert (told["app"], told["release"], told["previous"], told["environment"]) == ("hello", 2, 1, "production")
    assert told["url"] == f"http://127.0.0.1:{shared.port}/" or told["url"] == f"http://localhost:{shared.port}/"
    assert str(told["server"]).startswith("uwsgi")
    seconds = cast("dict[str, float]", told["seconds"])
    assert len(seconds) > 3
    assert all(isinstance(s, float | int) for s in seconds.values())


def test_the_last_line_of_up_is_the_address(shared: Uncork, project: Path) -> None:
    last = shared.up(project).ok().out.strip().splitlines()[-1]
    assert f":{shared.port}" in last
    assert "http://" in last


def test_status_tells_what_runs(shared: Uncork, project: Path) -> None:  # noqa: ARG001
    told = shared.run("status", "--json").ok().json()
    assert told["schema"] == 1
    app = cast("list[Json]", told["apps"])[0]
    assert app["name"] == "hello"
    assert app["release"] == shared.release()
    assert app["environment"] == "production"
    assert app["state"] == "running"
    assert {"url", "server", "requests_total", "started"} <= set(app)
    workers = cast("list[Json]", app["workers"])
    assert len(workers) == 2
    for worker in workers:
        assert set(worker) >= {"pid", "state", "requests", "rss_bytes"}
        assert cast("int", worker["rss_bytes"]) > 1_000_000
        assert Path(f"/proc/{worker['pid']}").exists()
    machine = cast("Json", told["machine"])
    assert {"cpus", "load", "memory_bytes"} <= set(machine)
    assert "hello" in shared.run("status").ok().out


def test_status_counts_requests(shared: Uncork) -> None:
    before = cast("int", shared.app()["requests_total"])
    for _ in range(10):
        shared.get()
    assert 10 <= cast("int", shared.app()["requests_total"]) - before <= 20


def test_plan_changes_nothing_and_shows_what_would_change(shared: Uncork, project: Path) -> None:
    rewrite(project / "app.py", '"one"', '"planned"')
    (project / "requirements.txt").write_text((project / "requirements.txt").read_text() + "six==1.17.0\n")
    before, running = digest(shared.root), set(shared.processes())
    done = shared.run("plan", str(project)).ok()
    assert "six" in done.out
    assert "run.py" in done.out
    assert shared.run("plan", str(project), "--json").ok().json()["schema"] == 1
    after = digest(shared.root)
    assert not {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert set(shared.processes()) == running


def test_releases_lists_what_can_be_gone_back_to(shared: Uncork) -> None:
    assert shared.release() in numbers(shared)
    assert len([row for row in shared.listed("releases", "releases") if row["state"] == "live"]) == 1
    assert str(shared.release()) in shared.run("releases").ok().out


def test_rollback_goes_back_without_a_lost_request_and_forward_again(shared: Uncork, project: Path) -> None:
    rewrite(project / "app.py", '"one"', '"new"')
    shared.up(project).ok()
    new = shared.release()
    with shared.load(100) as load:
        shared.run("rollback").ok()
        assert shared.release() == new - 1
        assert "text one" in shared.get().text
        shared.run("rollback", str(new)).ok()
        assert "text new" in shared.get().text
    assert not load.result.failures, load.result
    assert shared.release() == new
    for nowhere in ("999", "x", "-1", "0"):
        done = shared.run("rollback", "--", nowhere)
        assert done.code == 2, done.said
    assert shared.release() == new


def test_after_a_rollback_the_next_release_has_a_new_number(shared: Uncork, project: Path) -> None:
    highest = max(numbers(shared))
    shared.run("rollback").ok()
    shared.up(project).ok()
    assert shared.release() == highest + 1


def test_restart_starts_the_same_release_side_by_side(shared: Uncork) -> None:
    release, pids = shared.release(), shared.workers()
    with shared.load(100) as load:
        shared.run("restart").ok()
        again = shared.workers()
        shared.run("restart").ok()
    assert not load.result.failures, load.result
    assert shared.release() == release
    assert len({*pids, *again, *shared.workers()}) == 6


def test_an_app_is_scaled_under_load_and_stays_so_through_a_deploy_and_a_rollback(
    shared: Uncork, project: Path
) -> None:
    with shared.load(100) as load:
        assert "3 processes" in shared.run("scale", "3").ok().out
        scaled = len(shared.workers())
        shared.up(project).ok()
        deployed = len(shared.workers())
        shared.run("rollback").ok()
        back = len(shared.workers())
        assert shared.run("scale", "auto", "--json").ok().json()["processes"] == 2
    assert not load.result.failures, load.result
    assert (scaled, deployed, back, len(shared.workers())) == (3, 3, 3, 2)


def test_a_variable_takes_effect_at_a_restart_and_its_value_is_hidden_in_lists(shared: Uncork) -> None:
    shared.run("config", "set", "GREETING=hello there").ok()
    assert shared.get("/variable/GREETING").text == "unset"
    shared.run("config", "set", "GREETING_TWO=hi", "--restart").ok()
    assert shared.get("/variable/GREETING").text == "hello there"
    listed = shared.run("config", "list").ok().out
    assert "GREETING_TWO" in listed
    assert "hello there" not in listed
    assert shared.run("config", "get", "GREETING").ok().out == "hello there\n"
    shared.run("config", "unset", "GREETING", "GREETING_TWO", "--restart").ok()
    assert shared.get("/variable/GREETING").text == "unset"
    assert shared.run("config", "get", "GREETING").code != 0


def test_run_runs_in_the_live_release_with_its_environment(shared: Uncork) -> None:
    shared.run("config", "set", "GREETING=from config").ok()
    code = "import os, app; print(os.environ['GREETING'], os.environ['UNCORK_ENV'], app.TEXT, os.getuid())"
    code += "; print(len(os.sched_getaffinity(0)))"
    done = shared.run("run", "--", "python", "-c", code).ok()
    assert done.out.split()[:3] == ["from", "config", "production"]
    if os.getuid() == 0:
        assert done.out.split()[-2] != "0"
    assert done.out.split()[-1] == str(len(os.sched_getaffinity(0)))
    assert shared.run("run", "--", "python", "-c", "raise SystemExit(7)").code == 7
    assert shared.run("run", "--", "flask", "--app", "app", "routes").ok().out.count("/echo") == 1
    shared.run("config", "unset", "GREETING").ok()


def test_shell_has_the_app_at_hand(shared: Uncork) -> None:
    done = shared.run("shell", stdin="print('name', app.name)\n").ok()
    assert "name app" in done.said


def test_logs_show_what_the_app_and_visitors_did(shared: Uncork) -> None:
    shared.get("/boom", X_Request_ID="boom-0123456")
    marker = f"/nowhere-{time.monotonic_ns()}"
    shared.get(marker)
    eventually(lambda: "RuntimeError: boom" in shared.run("logs", "-n", "200").ok().out, within=5)
    eventually(lambda: marker in shared.run("logs", "--access", "-n", "5").ok().out, within=5)
    assert marker not in shared.run("logs", "--only", "app,server,agent", "-n", "1000").ok().out
    assert len(shared.run("logs", "--access", "-n", "2").ok().out.splitlines()) == 2
    assert marker in shared.run("logs", "--access", "--since", "60s").ok().out
    assert not shared.run("logs", "--access", "--since", "0s").ok().out.strip()


def test_logs_bring_together_all_that_was_written_of_a_request(shared: Uncork) -> None:
    shared.get("/boom", X_Request_ID="boom-7654321")

    def found(*words: str) -> list[dict[str, object]]:
        said = shared.run("logs", "--request", "boom-7654321", "--json", *words).ok().out
        return [json.loads(line) for line in said.splitlines()]

    eventually(lambda: {"app", "access"} <= {str(one["source"]) for one in found()}, within=5)
    assert {one["request"] for one in found("--only", "app,access")} == {"boom-7654321"}
    assert {one["release"] for one in found("--only", "app,access")} == {shared.release()}
    logged = found("--level", "error", "--only", "app")[0]
    assert "RuntimeError: boom" in str(logged["text"])
    assert not found("--release", "999")


def test_a_report_tells_of_todays_requests(shared: Uncork, tmp_path: Path) -> None:
    shared.get("/boom")
    page = tmp_path / "report.html"

    def failed() -> int:
        report = cast("list[Json]", shared.run("report", "--day", "today", "--json").ok().json()["reports"])[0]
        return cast("int", cast("Json", report["figures"])["failed"])

    eventually(lambda: failed() >= 1, within=5)
    assert "Slowest routes" in shared.run("report", "--day", "today", "--html", str(page)).ok().out
    assert "Slowest routes" in page.read_text()
    assert "nobody gets the reports of hello" in shared.run("report", "--send").ended(2).said


def test_logs_follow(shared: Uncork) -> None:
    follower = shared.begin("logs", "-f", "--access", "-n", "0")
    time.sleep(0.7)
    marker = f"/followed-{time.monotonic_ns()}"
    shared.get(marker)
    time.sleep(2)
    follower.terminate()
    out, _ = follower.communicate(timeout=5)
    assert marker in out


def test_stop_answers_503_and_start_serves_the_same_release(shared: Uncork, project: Path) -> None:
    release = shared.release()
    shared.run("stop").ok()
    assert shared.get().status == 503
    assert not [a for a in shared.processes().values() if "/releases/" in a]
    assert shared.app()["state"] == "stopped"
    shared.run("status").ok()
    shared.run("stop").ok()
    shared.run("start").ok()
    assert shared.release() == release
    shared.run("start").ok()
    shared.run("stop").ok()
    shared.up(project).ok()
    assert shared.release() > release


def test_down_stops_everything_and_keeps_the_data_and_up_brings_it_back(shared: Uncork, project: Path) -> None:
    release = shared.release()
    shared.run("config", "set", "GREETING=kept").ok()
    shared.run("down").ok()
    assert not gone(shared.processes)
    with pytest.raises(ConnectionRefusedError):
        shared.get()
    shared.run("down").ok()
    assert shared.run("status").code in {0, 5}
    shared.run("start").ok()
    assert shared.release() == release
    shared.run("down").ok()
    shared.up(project).ok()
    assert shared.release() == release + 1
    assert shared.get("/variable/GREETING").text == "kept"


def test_a_dead_server_is_exit_5_and_named(shared: Uncork) -> None:
    (shared.home / "run" / "supervisord.pid").read_text()
    os.kill(int((shared.home / "run" / "supervisord.pid").read_text()), 9)
    eventually(lambda: shared.run("status").code == 5, within=3)
    told = shared.run("status", "--json").ended(5).json()
    assert told["schema"] == 1
    shared.run("start").ok()
    shared.run("status").ok()


def test_destroy_asks_and_takes_all_of_the_app(shared: Uncork) -> None:
    assert shared.run("destroy", stdin="n\n").code != 0
    assert shared.get().status == 200
    for name in ("anna/hello.git", "anna/other.git", "ben/hello.git"):
        (shared.home / "git" / name / "objects").mkdir(parents=True)
    shared.run("destroy", "--yes").ok()
    assert [path.name for path in (shared.home / "git").glob("*/*")] == ["other.git"]
    assert not (shared.home / "apps" / "hello").exists()
    assert not [a for a in shared.processes().values() if "/releases/" in a]
    assert not list((shared.home / "run").glob("hello*"))


@pytest.mark.parametrize(
    "verb", ["status", "releases", "logs", "rollback", "restart", "stop", "start", "destroy", "run"]
)
def test_a_verb_before_the_first_deploy_says_so(verb: str) -> None:
    with state() as uncork:
        done = uncork.run(verb, *(["--yes"] if verb == "destroy" else ["--", "true"] if verb == "run" else []))
        assert done.code in ({0, 2, 5} if verb == "status" else {2, 5})
        assert "Traceback" not in done.said
        assert verb == "status" or "uncork up" in done.said


def test_an_unknown_app_is_named_with_those_there_are(uncork: Uncork, hello: Path) -> None:
    uncork.up(hello).ok()
    said = uncork.run("restart", "--app", "helo").ended(2).said
    assert "hello" in said
    other = copied("hello", uncork.root / "other")
    rewrite(other / "pyproject.toml", '"hello"', '"other"')
    uncork.up(other).ok()
    assert "--app" in uncork.run("restart").ended(2).said
    assert "name" in uncork.get(host="other.localhost").text or uncork.get(host="other.localhost").status == 200
    assert uncork.get("/", host="hello.localhost").text.startswith("release 1 ")
    assert uncork.get("/", host="anything-else.example").text.startswith("release 1 ")
    uncork.run("stop", "--app", "hello").ok()
    assert uncork.get("/", host="other.localhost").status == 200
    uncork.run("destroy", "--yes", "--app", "hello").ok()
    assert uncork.get("/", host="other.localhost").status == 200
