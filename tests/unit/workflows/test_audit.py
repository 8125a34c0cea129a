"""The audit of a machine: who changed what, from where, and how it ended."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from uncork.errors import LockedError, RefusedError, StepFailedError, UsageError
from uncork.layout import Layout
from uncork.machine.person import BY
from uncork.report import Silent
from uncork.workflows.audit import audited, entries


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """Return one as a machine set up for serving has it, with release 3 of shop live."""
    layout = Layout(tmp_path / "lib", tmp_path / "run", tmp_path / "log")
    layout.app("shop").root.mkdir(parents=True)
    layout.app("shop").live.symlink_to("releases/3")
    return layout


@pytest.fixture(autouse=True)
def anna(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BY, "anna@laptop,203.0.113.7")
    monkeypatch.setenv("SUDO_USER", "deploy")


def test_a_change_is_a_line_with_who_where_what_and_how_it_ended(layout: Layout) -> None:
    with audited(layout, "shop", "restart", Silent()):
        pass

    (found,) = entries(layout, None, 9)
    assert (found.who, found.account, found.origin) == ("anna@laptop", "deploy", "203.0.113.7")
    assert (found.what, found.app, found.release, found.result, found.problem) == ("restart", "shop", 3, "ok", "")
    assert found.seconds >= 0


@pytest.mark.parametrize(
    ("error", "result", "problem"),
    [
        (RefusedError("it can't be imported", "mend it"), "refused", "it can't be imported"),
        (LockedError("bert is at it", "wait"), "locked", "bert is at it"),
        (StepFailedError("write it", "the disk is full"), "failed", "could not write it: the disk is full"),
        (KeyboardInterrupt(), "interrupted", "KeyboardInterrupt"),
        (ValueError("secret"), "failed", "ValueError"),
    ],
)
def test_a_change_that_failed_is_told_with_its_cause(
    layout: Layout, error: BaseException, result: str, problem: str
) -> None:
    with pytest.raises(type(error)), audited(layout, "shop", "up", Silent()):
        raise error

    (found,) = entries(layout, "shop", 9)
    assert (found.result, found.problem) == (result, problem)


def test_the_latest_lines_of_one_app_are_told_and_a_torn_one_is_passed_over(layout: Layout) -> None:
    for what in ("one", "two", "three"):
        with audited(layout, "shop", what, Silent()), audited(layout, "blog", what, Silent()):
            pass
    assert layout.audit_log
    with layout.audit_log.open("a") as log:
        log.write('{"when": "20')

    assert [entry.what for entry in entries(layout, "shop", 2)] == ["two", "three"]


def test_what_was_done_to_the_machine_is_told_of_each_app(layout: Layout) -> None:
    for app in ("", "blog"):
        with audited(layout, app, "server setup" if not app else "up", Silent()):
            pass

    assert [entry.what for entry in entries(layout, "shop", 9)] == ["server setup"]


def test_the_audit_is_for_root_s_eyes(layout: Layout) -> None:
    with audited(layout, "", "down", Silent()):
        pass

    assert layout.audit_log
    assert layout.audit_log.stat().st_mode & 0o777 == 0o640
    assert json.loads(layout.audit_log.read_text())["release"] is None


def test_away_from_such_a_machine_nothing_is_written_and_the_verb_says_so(tmp_path: Path) -> None:
    layout = Layout(tmp_path, tmp_path / "run")
    with audited(layout, "shop", "restart", Silent()):
        pass

    assert not list(tmp_path.iterdir())
    with pytest.raises(UsageError, match="machines set up for serving"):
        entries(layout, None, 9)


def test_who_came_by_ssh_is_known_by_its_address_though_sudo_forgets_it() -> None:
    asked = "from uncork.machine.person import person; print(person().origin)"
    shell = f"env --unset SSH_CONNECTION {sys.executable} -c '{asked}'; true"
    env = {"SSH_CONNECTION": "203.0.113.9 40000 192.0.2.1 22", "PATH": os.environ["PATH"]}

    said = subprocess.run(("sh", "-c", shell), env=env, capture_output=True, text=True, check=True)

    assert said.stdout == "203.0.113.9\n"
