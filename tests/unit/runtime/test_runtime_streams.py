"""Standard output that is a log: it follows the log's name."""

import subprocess
import sys
from pathlib import Path

import uncork_runtime

RENAMED = """
import os, sys
sys.path.insert(0, {home!r})
from uncork_runtime import wsgi
log = {log!r}
served = wsgi.serve(lambda *_: [], log=log)
os.write(1, b"one\\n")
os.rename(log, log + "-20261122-160512")
served({{"PATH_INFO": "/"}}, lambda *_: None)
os.write(1, b"two\\n")
os.write(2, b"three\\n")
"""


def run(log: Path, **to: object) -> None:
    script = RENAMED.format(home=str(Path(uncork_runtime.__file__).parents[1]), log=str(log))
    subprocess.run([sys.executable, "-c", script], check=True, **to)


def test_output_follows_a_log_that_was_renamed(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    with log.open("ab") as file:
        run(log, stdout=file, stderr=file)
    assert (tmp_path / "server.log-20261122-160512").read_text() == "one\n"
    assert log.read_text() == "two\nthree\n"


def test_output_that_is_no_log_stays_where_it_is(tmp_path: Path) -> None:
    log, other = tmp_path / "server.log", tmp_path / "other"
    log.touch()
    with other.open("ab") as file:
        run(log, stdout=file, stderr=file)
    assert other.read_text() == "one\ntwo\nthree\n"
    assert not log.exists()


def test_a_log_that_can_not_be_opened_again_is_written_under_its_old_name(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "server.log"
    log.parent.mkdir()
    script = RENAMED.replace("os.rename(log, ", "os.rename(os.path.dirname(log), os.path.dirname(log) + '.old'); (")
    with log.open("ab") as file:
        code = script.format(home=str(Path(uncork_runtime.__file__).parents[1]), log=str(log))
        subprocess.run([sys.executable, "-c", code], check=True, stdout=file, stderr=file)
    assert (tmp_path / "logs.old" / "server.log").read_text() == "one\ntwo\nthree\n"
    assert not log.exists()
