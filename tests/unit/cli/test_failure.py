"""How errors end: the lines, the JSON object, the exit code."""

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.cli.fakes import Uncork
from uncork.errors import LockedError, RefusedError, StepFailedError, UsageError, UserError

REFUSED = RefusedError("shop can't be imported", "mend shop.py", "Traceback:\n  boom\n")


def failing(uncork: Uncork, error: BaseException) -> tuple[str, ...]:
    uncork.fake("down", raises=error)
    return ("down",)


@pytest.mark.parametrize(
    ("error", "code"),
    [(UserError("a", "b"), 1), (UsageError("a", "b"), 2), (RefusedError("a", "b"), 3), (LockedError("a", "b"), 4)],
)
def test_each_kind_of_error_has_its_exit_code(uncork: Uncork, error: UserError, code: int) -> None:
    assert uncork(*failing(uncork, error)).code == code


def test_people_read_the_problem_what_explains_it_and_the_fix(uncork: Uncork) -> None:
    printed = uncork(*failing(uncork, REFUSED))

    assert printed.err == "error: shop can't be imported\nTraceback:\n  boom\nfix: mend shop.py\n"
    assert "error" not in printed.out


def test_programs_read_one_object_on_standard_output(uncork: Uncork) -> None:
    printed = uncork(*failing(uncork, REFUSED), "--json")

    assert (printed.code, printed.err) == (3, "")
    assert printed.json == {
        "error": {"problem": "shop can't be imported", "fix": "mend shop.py", "code": 3, "detail": REFUSED.detail}
    }


@pytest.mark.parametrize(
    "argv", [("nope",), ("up", "--nope"), ("up", "--port", "x"), ("up", "/nope"), ("up", "--bind", "x"), ("run",)]
)
def test_a_wrong_command_line_is_exit_2_in_json_too(uncork: Uncork, argv: tuple[str, ...]) -> None:
    printed = uncork("--json", *argv)

    assert (printed.code, printed.err) == (2, "")
    assert printed.json["error"]["code"] == 2  # type: ignore[index]


def test_a_verb_that_is_none_brings_the_nearest(uncork: Uncork) -> None:
    assert "error: 'statsu' is no verb; did you mean status?\n" in uncork("statsu").err


def test_a_verb_that_lacks_its_second_word_says_so_once(uncork: Uncork) -> None:
    said = uncork("alerts").err
    assert said.count("Usage:") == 1
    assert "error: a command is missing after `uncork alerts`\nfix: see `uncork alerts --help`\n" in said


def test_a_verb_that_acts_on_no_app_says_so(uncork: Uncork) -> None:
    assert "this verb takes no --app" in uncork("--app", "shop", "down").err


def test_what_nobody_expected_is_one_line_without_a_traceback(uncork: Uncork) -> None:
    printed = uncork(*failing(uncork, KeyError("x")))

    assert printed.code == 1
    assert printed.err == (
        "error: this should not have happened: KeyError: 'x'\n"
        "fix: run it again with --debug to see where, and report what it prints\n"
    )


def test_debug_prints_the_traceback(uncork: Uncork) -> None:
    assert "Traceback (most recent call last)" in uncork(*failing(uncork, KeyError("x")), "--debug").err


def test_a_step_that_failed_says_why_it_was_done_and_what_it_printed(uncork: Uncork) -> None:
    printed = uncork(*failing(uncork, StepFailedError("check the nginx config", "exit status 1", "nginx: no")))

    assert printed.code == 1
    assert printed.err.startswith("error: could not check the nginx config: exit status 1\nnginx: no\nfix: ")


def test_a_full_disk_is_told_plainly(uncork: Uncork) -> None:
    printed = uncork(*failing(uncork, OSError(errno.ENOSPC, "No space left on device", "/h/x")))

    assert printed.err == "error: No space left on device: /h/x\nfix: free some space on that disk\n"


def test_an_interrupt_is_exit_130(uncork: Uncork) -> None:
    assert uncork(*failing(uncork, KeyboardInterrupt())).code == 130


def test_following_logs_ends_by_an_interrupt_without_a_word(uncork: Uncork, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    uncork.deployed("shop")
    monkeypatch.setattr("uncork.workflows.logs.follow", interrupted)
    printed = uncork("logs", "-f")
    assert (printed.code, printed.out, printed.err) == (130, "", "")


def test_a_home_that_could_be_in_no_config_file_is_refused(uncork: Uncork) -> None:
    printed = uncork("down", "--home", "/a\nb")

    assert printed.code == 2
    assert "'/a\\nb'" in printed.err


def test_a_reader_that_leaves_is_no_error() -> None:
    code = "import sys; from uncork.cli import main; sys.stdin.read(); sys.exit(main(['version']))"
    process = subprocess.Popen(
        (sys.executable, "-c", code), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout
    process.stdout.close()
    process.stdout = None

    _, err = process.communicate()

    assert (err, process.returncode in {1, 141}) == (b"", True)


def test_help_imports_nothing_that_is_slow() -> None:
    slow = ("rich", "jinja2", "msgspec", "psutil", "uncork.workflows.up", "asyncio", "xmlrpc")
    code = f"import sys; from uncork.cli import main; main(['--help']); print([m for m in {slow} if m in sys.modules])"

    printed = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True, cwd=Path("/"))

    assert printed.stdout.splitlines()[-1] == "[]"
