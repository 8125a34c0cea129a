"""What the verbs call, and what they print."""

import io
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.unit.cli.fakes import Deployed, Uncork, UpOptions
from uncork.cli import VERBS


@dataclass(frozen=True)
class Preview:
    app: str = "shop"
    release: int = 3
    files: tuple[tuple[str, str], ...] = (("/h/run.py", "--- /h/run.py\n+++ /h/run.py\n+new\n"), ("/h/same", ""))
    commands: tuple[tuple[str, str], ...] = (("make its environment", "uv venv"),)
    added: tuple[str, ...] = ("flask==3",)
    removed: tuple[str, ...] = ("bottle==1",)
    notes: tuple[str, ...] = ()


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(uncork: Uncork, verb: str) -> None:
    printed = uncork(verb, "--help")

    assert (printed.code, printed.err) == (0, "")
    assert printed.out.startswith(f"Usage: uncork {verb}")


def test_all_verbs_are_in_the_help(uncork: Uncork) -> None:
    assert all(f"\n  {verb} " in uncork("--help").out for verb in VERBS)


def test_no_verb_at_all_shows_the_help_and_is_a_usage_error(uncork: Uncork) -> None:
    printed = uncork()

    assert (printed.code, printed.out) == (2, "")
    assert "Commands:" in printed.err


def test_up_tells_its_steps_and_ends_with_the_address(uncork: Uncork, tmp_path: Path) -> None:
    uncork.fake("up", Deployed())

    printed = uncork("up", str(tmp_path))

    assert printed.out.splitlines() == [
        "copy the source ... 0.02 s",
        "a note",
        "import the app ... ",
        "note: pinned is better",
        "shop release 2 serves production, after release 1",
        "http://127.0.0.1:8000/",
    ]


def test_up_gives_its_options_on(uncork: Uncork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uncork.fake("up", Deployed())
    monkeypatch.setenv("FLASK_APP", "shop:make")

    uncork("up", "--env", "testing", "--port", "99", "--bind", "::1", str(tmp_path), "--json")

    assert uncork.calls[0][1:3] == (tmp_path, UpOptions("testing", 99, "::1", {"FLASK_APP": "shop:make"}))


def test_up_with_json_prints_one_object(uncork: Uncork, tmp_path: Path) -> None:
    uncork.fake("up", Deployed())

    assert uncork("up", str(tmp_path), "--json").json == {
        "app": "shop",
        "release": 2,
        "environment": "production",
        "url": "http://127.0.0.1:8000/",
        "previous": 1,
        "server": "uwsgi",
        "seconds": {"copy the source": 0.02},
        "notes": ["pinned is better"],
    }


def test_a_project_whose_folder_has_a_line_end_in_its_name_is_refused(uncork: Uncork, tmp_path: Path) -> None:
    folder = tmp_path / "a\nb"
    folder.mkdir()
    uncork.fake("up")

    printed = uncork("up", str(folder))

    assert printed.code == 2
    assert "a\\nb" in printed.err


def test_plan_shows_dependencies_commands_and_the_files_that_change(uncork: Uncork, tmp_path: Path) -> None:
    uncork.fake("up")
    uncork.fake("plan", Preview())

    assert uncork("plan", str(tmp_path)).out.splitlines() == [
        "shop would become release 3",
        "",
        "dependencies",
        "+ flask==3",
        "- bottle==1",
        "",
        "commands",
        "uv venv  # make its environment",
        "",
        "files",
        "--- /h/run.py",
        "+++ /h/run.py",
        "+new",
        "1 more files are as they are",
    ]


def test_plan_with_json_names_every_file_and_command(uncork: Uncork, tmp_path: Path) -> None:
    uncork.fake("up")
    uncork.fake("plan", Preview())

    found = uncork("plan", str(tmp_path), "--json").json

    assert found["commands"] == [{"why": "make its environment", "command": "uv venv"}]
    assert found["files"] == [
        {"path": "/h/run.py", "diff": "--- /h/run.py\n+++ /h/run.py\n+new\n"},
        {"path": "/h/same", "diff": ""},
    ]


@pytest.mark.parametrize("verb", ["restart", "start", "rollback"])
def test_verbs_that_let_something_serve_act_on_the_only_app(uncork: Uncork, verb: str) -> None:
    uncork.deployed("shop")
    uncork.fake(verb, Deployed())

    printed = uncork(verb)

    assert uncork.calls[0][:2] == (verb, "shop")
    assert printed.out.splitlines()[-1] == "http://127.0.0.1:8000/"


def test_rollback_takes_a_release(uncork: Uncork) -> None:
    uncork.deployed("blog", "shop")
    uncork.fake("rollback", Deployed())

    uncork("rollback", "--app", "blog", "7")

    assert uncork.calls[0][:3] == ("rollback", "blog", 7)


def test_several_apps_and_none_named_is_a_usage_error(uncork: Uncork) -> None:
    uncork.deployed("blog", "shop")
    uncork.fake("restart")

    printed = uncork("restart")

    assert printed.code == 2
    assert printed.err == "error: several apps are here: blog, shop\nfix: name one of them: --app blog\n"


def test_stop_says_so(uncork: Uncork) -> None:
    uncork.deployed("shop")
    uncork.fake("stop")

    assert uncork("stop").out.endswith("shop is stopped; `uncork start` starts it again\n")
    assert uncork("stop", "--json").json == {"app": "shop", "state": "stopped"}


def test_down_says_so(uncork: Uncork) -> None:
    uncork.fake("down")

    assert uncork("down", "--json").json == {"home": str(uncork.home), "state": "down"}
    assert uncork("down").out.endswith(f"everything in {uncork.home} is down; releases and data are kept\n")


def test_destroy_asks_nobody_where_nobody_is(uncork: Uncork, monkeypatch: pytest.MonkeyPatch) -> None:
    uncork.deployed("shop")
    uncork.fake("destroy")
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))

    printed = uncork("destroy")

    assert (printed.code, uncork.calls) == (2, [])
    assert "--yes" in printed.err


def test_destroy_with_yes_does_it_for_an_app_that_was_never_live_too(uncork: Uncork) -> None:
    (uncork.home / "apps" / "shop").mkdir(parents=True)
    uncork.fake("destroy")

    assert uncork("destroy", "--yes", "--json").json == {"app": "shop", "state": "destroyed"}
    assert uncork.calls[0][:2] == ("destroy", "shop")


@pytest.mark.parametrize(("answer", "code", "calls"), [("n\n", 1, 0), ("y\n", 0, 1)])
def test_destroy_does_what_is_answered(
    uncork: Uncork, monkeypatch: pytest.MonkeyPatch, answer: str, code: int, calls: int
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    uncork.deployed("shop")
    uncork.fake("destroy")
    monkeypatch.setattr(sys, "stdin", Terminal(answer))

    assert (uncork("destroy").code, len(uncork.calls)) == (code, calls)


def test_run_gives_all_that_follows_to_the_command(uncork: Uncork) -> None:
    uncork.deployed("shop")
    uncork.fake("run")

    uncork("run", "--app", "shop", "--", "flask", "--app", "x", "--json")
    uncork("run", "flask", "--help")

    assert [call[1:] for call in uncork.calls] == [
        ("shop", ("flask", "--app", "x", "--json")),
        ("shop", ("flask", "--help")),
    ]


def test_version_tells_what_is_installed(uncork: Uncork) -> None:
    assert set(uncork("version", "--json").json) == {"uncork", "python", "nginx", "supervisor", "uv"}
    assert uncork("version").out.startswith("uncork ")


@pytest.mark.parametrize("argv", [("--json", "version"), ("version", "--json")])
def test_the_options_of_every_verb_stand_before_it_or_after_it(uncork: Uncork, argv: tuple[str, ...]) -> None:
    assert uncork(*argv).json["uncork"]


def test_the_option_after_the_verb_wins(uncork: Uncork) -> None:
    uncork.fake("down")

    assert uncork("--home", "/a", "down", "--home", "/b", "--json").json["home"] == "/b"
    assert uncork("--home", "a", "down", "--json").json["home"] == str(Path.cwd() / "a")


def test_start_without_a_name_starts_all_that_is_meant_to_run(uncork: Uncork) -> None:
    uncork.deployed("shop", "blog")
    uncork.fake("start", (Deployed(), Deployed(app="blog")), function="start_all")

    printed = uncork("start")

    assert uncork.calls[0][0] == "start_all"
    assert printed.out.count("http://127.0.0.1:8000/") == 2
