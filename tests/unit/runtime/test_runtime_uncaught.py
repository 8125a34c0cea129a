"""What nobody catches, in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import uncork_runtime

CANARY = "canary-1b2c3d"
START = """
import sys, threading
sys.path.insert(0, {home!r})
from uncork_runtime import env, logs
env.loaded["CANARY"] = {canary!r}
logs.configure({settings!r})
"""


def run(folder: Path, code: str) -> tuple[str, str]:
    """What the code leaves on standard error, and in the log."""
    settings = {
        "app": "shop",
        "environment": "production",
        "release": 12,
        "to": "file",
        "file": str(folder / "app.log"),
    }
    (folder / "logging.json").write_text(json.dumps(settings))
    home = str(Path(uncork_runtime.__file__).parents[1])
    start = START.format(home=home, canary=CANARY, settings=str(folder / "logging.json"))
    done = subprocess.run([sys.executable, "-c", start + code], capture_output=True, text=True, check=False)
    log = folder / "app.log"
    return done.stderr, log.read_text() if log.exists() else ""


def test_what_ends_the_process_is_printed_without_secrets(tmp_path: Path) -> None:
    printed, logged = run(tmp_path, f"raise ConnectionError('no access with {CANARY}')")
    assert printed.endswith("ConnectionError: no access with [redacted]\n")
    assert printed.startswith("Traceback (most recent call last):\n")
    assert logged == ""


def test_what_ends_a_thread_is_logged(tmp_path: Path) -> None:
    code = f"def work():\n    raise ConnectionError('no access with {CANARY}')\n"
    printed, logged = run(tmp_path, code + "threading.Thread(target=work, name='mailer').start()")
    assert "ERROR uncork: the thread mailer raised ConnectionError [release=12 production]\n" in logged
    assert logged.endswith("    ConnectionError: no access with [redacted]\n")
    assert printed == ""


def test_a_thread_that_ends_itself_is_nothing_to_tell_of(tmp_path: Path) -> None:
    assert run(tmp_path, "threading.Thread(target=sys.exit).start()") == ("", "")
