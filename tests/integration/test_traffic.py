"""The access log is counted by a process that is killed again and again, while it is written and rotated."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime, timezone
from pathlib import Path

import pytest

from uncork.app_layout import AppLayout
from uncork.layout import Layout
from uncork.machine import rotation
from uncork.machine.writers import written
from uncork.reporting.days import Days
from uncork.reporting.traffic import Traffic

DAY = date(2026, 11, 21)
KILLS = 25
COUNTING = """
import sys, time
from datetime import date
from pathlib import Path
from uncork.layout import Layout
from uncork.reporting.traffic import Traffic

home = Path(sys.argv[1])
traffic = Traffic(Layout(home, home / "run").app("shop"))
print("counting", flush=True)
while True:
    traffic.count(date(2026, 11, 21))
"""


@pytest.fixture
def shop(tmp_path: Path) -> AppLayout:
    layout = Layout(tmp_path, tmp_path / "run").app("shop")
    layout.logs.mkdir(parents=True)
    return layout


@pytest.fixture
def counting(tmp_path: Path) -> Iterator["Counting"]:
    found = Counting(tmp_path)
    yield found
    found.kill()


class Counting:
    """The process that counts; it is killed as the kernel would."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        argv = (sys.executable, "-c", COUNTING, str(self._home))
        self._process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        assert self._process.stdout.readline() == "counting\n"

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.communicate()
            self._process = None


class Front:
    """What nginx is to its log: it writes many lines at once, and opens the log anew only when told to."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self.lines = 0
        self.reopen()

    def reopen(self) -> None:
        self._file = os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def close(self) -> None:
        os.close(self._file)

    def write(self, count: int) -> None:
        """Whole lines, but in pieces that end anywhere, as a buffer's do."""
        lines = (
            f'{{"time":"2026-11-21T14:00:00.000Z","id":"{self.lines + i}","status":200,"route":"/{i % 9}"}}'
            for i in range(count)
        )
        text = "".join(f"{line}\n" for line in lines).encode()
        for start in range(0, len(text), 4096):
            os.write(self._file, text[start : start + 4096])
        self.lines += count


def test_no_request_is_counted_twice_or_lost_however_often_the_counting_is_killed(
    shop: AppLayout, counting: Counting
) -> None:
    front = Front(shop.access_log)
    for kill in range(KILLS):
        counting.start()
        front.write(2000)
        rotation.take(shop.access_log, datetime.now(timezone.utc))
        front.write(1000)
        front.close()
        front.reopen()
        front.write(500 + kill * 300)
        if kill % 2:
            pack(shop.access_log)
        counting.kill()
    front.close()

    traffic = Traffic(shop)
    assert traffic.count(DAY)
    traffic.close()
    days = Days(shop.traffic)
    assert sum(tally.requests for tally in days.hours("2026-11-21").values()) == front.lines
    assert sum(route.tally.requests for route in days.routes("2026-11-21")) == front.lines
    days.close()


def pack(log: Path) -> None:
    for path in rotation.rotated(log):
        if path.suffix != ".gz" and not written((path,)):
            rotation.compress(path, lambda: False)
