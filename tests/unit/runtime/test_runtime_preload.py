"""What a server imports before it forks."""

import subprocess
import sys
from pathlib import Path

from uncork_runtime import cores

PRELOAD = Path(cores.__file__).with_name("preload.py")
ASKED_TO_END = f"""
import os, runpy, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
runpy.run_path({str(PRELOAD)!r})
os.kill(os.getpid(), signal.SIGTERM)
print("goes on")
"""


def test_who_is_asked_to_end_from_then_on_ends_though_uwsgi_ignores_that_while_it_starts() -> None:
    ended = subprocess.run([sys.executable, "-c", ASKED_TO_END], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (-15, "", "")
