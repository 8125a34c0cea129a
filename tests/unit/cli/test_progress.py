"""Progress is told to whoever listens, and nothing fails where nobody does."""

import errno
import shlex
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from rich.live import Live

from uncork.cli.progress import Lively, Plain, Unheard
from uncork.remote.progress import metered
from uncork.report import Silent


class Gone:
    """A terminal that was closed."""

    def begin(self, why: str) -> None:
        raise BrokenPipeError(why)

    def end(self, why: str, seconds: float) -> None:
        raise OSError(errno.EIO, f"{why} {seconds}")

    def note(self, text: str) -> None:
        raise OSError(errno.EIO, text)


def test_a_deploy_goes_on_and_is_taken_back_though_its_terminal_is_gone() -> None:
    report = Unheard(Gone())
    report.begin("switch")
    report.end("switch", 0.1)
    report.note("it could not be cleaned up")


def test_what_is_no_matter_of_listening_is_not_hidden() -> None:
    class Broken(Gone):
        def begin(self, why: str) -> None:
            raise ValueError(why)

    with pytest.raises(ValueError, match="switch"):
        Unheard(Broken()).begin("switch")


FAKES = """
import sys, time
from uncork.cli import main
from uncork.errors import RefusedError
from uncork.workflows import take_over, up

def changed(layout, project, options, report):
    report.note("begun")
    time.sleep(0.2)
    report.note("done")
    if "--port" in sys.argv:
        raise RefusedError("it does not boot", "mend it")
    return take_over.Deployed("shop", 1, "production", "http://x", None, "uwsgi", {}, ("y" * 70000,))

up.up = changed
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("words", "code"), [((), 0), (("--json",), 0), (("--port", "8001"), 3), (("--json", "--port", "8001"), 3)]
)
@pytest.mark.parametrize("reader", ["head -n 1", "true"])
def test_a_deploy_whose_reader_leaves_ends_as_it_would_have(
    words: tuple[str, ...], code: int, reader: str, tmp_path: Path
) -> None:
    verb = shlex.join([sys.executable, "-c", FAKES, "up", str(tmp_path), "--home", str(tmp_path / "home"), *words])
    done = subprocess.run(["bash", "-c", f"{verb} 2>&1 | {reader}; exit ${{PIPESTATUS[0]}}"], check=False)

    assert done.returncode == code


def test_a_verb_that_only_tells_ends_with_its_reader(tmp_path: Path) -> None:
    verb = shlex.join([sys.executable, "-m", "uncork", "version", "--home", str(tmp_path)])
    script = f"(sleep 0.3; {verb}) | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], check=False, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (141, "")


def test_how_far_a_step_has_got_is_shown_on_a_terminal_and_no_line_of_its_own_elsewhere(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = StringIO()
    live = Live(console=Console(file=shown, force_terminal=True, width=80), auto_refresh=False)
    for teller in (Lively(live), Plain()):
        with live:
            report = Unheard(teller)
            report.begin("send uncork")
            so_far = metered(report, "send uncork")
            so_far(12_000_000, 76_000_000)
            so_far(13_000_000, 76_000_000)
            report.end("send uncork", 2.5)
    assert "send uncork: 12 of 76 MB ..." in shown.getvalue()
    assert "13 of 76" not in shown.getvalue()
    assert capsys.readouterr().out == "send uncork ... 2.50 s\n"
    metered(Silent(), "send uncork")(1, 2)
