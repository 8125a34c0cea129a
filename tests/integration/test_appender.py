"""The app's own log under real processes: rotation, a full disk, forks, threads, exits and kills lose no record."""

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

import pytest

from uncork.machine.rotation import is_left, rotated, take
from uncork_runtime.appender import AGAIN

SOURCE: Final = Path(__file__).parents[2] / "src"
START: Final = """
import atexit, logging, os, signal, sys, threading, time
sys.path.insert(0, sys.argv[1])
from uncork_runtime import logs, settings
from uncork_runtime.appender import AGAIN
logs.install(settings.for_environment("testing", file=sys.argv[2], release=7))
log = logging.getLogger("shop")
"""
MANY: Final = """
name, records, size = sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
for number in range(records):
    log.info("%s %d %s", name, number, "x" * size)
"""
LINE: Final = re.compile(rb"....-..-..T..:..:..\....Z INFO shop: (w\d) (\d+) (x+) \[release=7 testing\]")
EXCUSE: Final = re.compile(rb".* WARNING uncork: (\d+) records? could not be written: No space left on device \[.*\]")


def start(code: str, log: Path, *more: str) -> "subprocess.Popen[bytes]":
    """A process that logs to that file; what it says on standard error is kept."""
    argv = (sys.executable, "-c", START + code, str(SOURCE), str(log), *more)
    return subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def ended(code: str, log: Path) -> tuple[int, str]:
    """Its exit code and what it said, once it has ended."""
    with start(code, log) as process:
        _, said = process.communicate()
    return process.returncode, said.decode()


def go_on(writers: "list[subprocess.Popen[bytes]]") -> None:
    for writer in writers:
        assert writer.stdin
        with suppress(BrokenPipeError):
            writer.stdin.write(b"\n")
            writer.stdin.flush()


def messages(log: Path) -> list[str]:
    return [line.partition("shop: ")[2].partition(" [")[0] for line in log.read_text().splitlines()]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "app.log"


PARTS: Final = 50
IN_PARTS: Final = MANY.replace(
    "    log.info",
    f"""
    part = records // {PARTS}
    number % part or sys.stdin.readline()
    number % (part // 10) or time.sleep(AGAIN / 8)
    log.info""",
)


@pytest.mark.slow
@pytest.mark.parametrize(("records", "size"), [(20_000, 40), (2_000, 40_000)])
def test_through_rotations_no_record_of_four_processes_is_lost_torn_or_doubled(
    log: Path, records: int, size: int
) -> None:
    """Each rotation lets each process write one part more, in the midst of which the next rotation comes.

    A part takes a little longer than a writer trusts its last look: in its last records he goes over to the new file.
    """
    writers = [start(IN_PARTS, log, f"w{number}", str(records), str(size)) for number in range(4)]
    sizes: dict[Path, int] = {}
    go_on(writers)
    while any(writer.poll() is None for writer in writers):
        if log.exists() and log.stat().st_size:
            old = take(log, datetime.now(timezone.utc))
            assert old
            time.sleep(AGAIN)
            while not is_left(old):
                pass
            sizes[old] = old.stat().st_size
            go_on(writers)
    assert [writer.communicate()[1] for writer in writers] == [b""] * 4
    assert len(sizes) >= PARTS - 1
    assert {old: old.stat().st_size for old in sizes} == sizes, "somebody wrote to a log that had been left"
    seen: Counter[tuple[bytes, int]] = Counter()
    for path in (*rotated(log), log):
        for line in path.read_bytes().splitlines():
            whole = LINE.fullmatch(line)
            assert whole, line[:200]
            assert len(whole[3]) == size, line[:200]
            seen[whole[1], int(whole[2])] += 1
    assert seen.keys() == {(b"w%d" % writer, number) for writer in range(4) for number in range(records)}
    assert set(seen.values()) == {1}


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A log on a file system of its own, of 1 MB."""
    made = subprocess.run(
        ("mount", "-t", "tmpfs", "-o", "size=1m,mode=755", "tmpfs", str(tmp_path)), capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("a small file system needs root and the right to mount")
    yield tmp_path / "app.log"
    subprocess.run(("umount", "-l", str(tmp_path)), check=True)


UNTIL_ROOM: Final = """
print("full", flush=True)
sys.stdin.readline()
log.info("%s %d %s", name, records, "x" * size)
"""


@pytest.mark.slow
@pytest.mark.parametrize("size", [40, 40_000])
def test_a_full_disk_costs_the_app_no_exception_and_what_it_cost_the_log_is_told_once_there_is_room(
    small: Path, size: int
) -> None:
    filler = small.with_name("filler")
    filler.write_bytes(b"x" * 600_000)
    records = 800_000 // (size + 60) + 1
    writers = [start(MANY + UNTIL_ROOM, small, f"w{number}", str(records), str(size)) for number in range(3)]
    for writer in writers:
        assert writer.stdout
        assert writer.stdout.readline() == b"full\n"
    filler.unlink()
    said = [writer.communicate(b"go on\n")[1].decode() for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    assert all(one.count("No space left on device") == 1 for one in said), "each says so once, on standard error"
    lines = small.read_bytes().splitlines()
    written = [found for line in lines if (found := LINE.fullmatch(line))]
    told = [int(found[1]) for line in lines if (found := EXCUSE.fullmatch(line))]
    torn = [line for line in lines if not LINE.fullmatch(line) and not EXCUSE.fullmatch(line)]
    assert not torn
    assert len(told) == 3
    assert len(written) + sum(told) == 3 * (records + 1)
    assert {found[1] for found in written if int(found[2]) == records} == {b"w0", b"w1", b"w2"}


def test_records_from_threads_from_exit_and_from_before_anything_else_arrive(log: Path) -> None:
    code = """
log.info("before")
atexit.register(log.info, "at exit")
class Last:
    def __del__(self):
        log.info("at the very end")
last = Last()
threads = [threading.Thread(target=lambda n=n: [log.info("thread %d-%d", n, i) for i in range(50)]) for n in range(8)]
for thread in threads:
    thread.start()
"""
    assert ended(code, log) == (0, "")
    found = messages(log)
    assert found[0] == "before"
    assert found[-2:] == ["at exit", "at the very end"]
    assert sorted(found[1:-2]) == sorted(f"thread {n}-{i}" for n in range(8) for i in range(50))


def test_parent_and_children_share_no_lock_and_lose_no_record(log: Path) -> None:
    """A flock(2) belongs to what was opened, which a fork shares: a child's unlock would be its parent's."""
    code = """
log.info("opened")
children = []
for name in range(3):
    pid = os.fork()
    if not pid:
        for number in range(300):
            log.info("child %d-%d", name, number)
        os._exit(0)
    children.append(pid)
for number in range(300):
    log.info("parent %d", number)
    if not number % 100:
        os.rename(sys.argv[2], sys.argv[2] + f".{number}")
        time.sleep(AGAIN)
for pid in children:
    os.waitpid(pid, 0)
"""
    assert ended(code, log) == (0, "")
    found = Counter(message for path in log.parent.iterdir() for message in messages(path))
    expected = {f"child {name}-{number}" for name in range(3) for number in range(300)}
    assert found.keys() == expected | {f"parent {number}" for number in range(300)} | {"opened"}
    assert set(found.values()) == {1}


def test_records_of_multiprocessing_workers_arrive(log: Path) -> None:
    code = """
import multiprocessing
with multiprocessing.get_context("fork").Pool(3) as pool:
    pool.map(log.info, [f"task {number}" for number in range(100)])
"""
    assert ended(code, log) == (0, "")
    assert sorted(messages(log)) == sorted(f"task {number}" for number in range(100))


def test_a_process_that_is_killed_right_after_a_record_has_written_it(log: Path) -> None:
    assert ended('log.error("last words"); os.kill(os.getpid(), signal.SIGKILL)', log) == (-signal.SIGKILL, "")
    assert messages(log) == ["last words"]


def test_a_rotator_that_hangs_costs_each_record_no_more_than_the_first(log: Path) -> None:
    code = """
import fcntl, time
log.info("opened")
other = open(sys.argv[2])
fcntl.flock(other, fcntl.LOCK_EX)
log.info("waits 5 ms")
before = time.process_time()
for number in range(20):
    log.info("goes on")
print(f"{time.process_time() - before < 0.05}")
"""
    with start(code, log) as process:
        out, said = process.communicate()
    assert (out, said) == (b"True\n", b"")
    assert messages(log) == ["opened", "waits 5 ms", *["goes on"] * 20]


def test_a_renamed_log_is_left_at_an_error_at_once_and_else_soon(log: Path) -> None:
    code = """
log.info("opened")
os.rename(sys.argv[2], sys.argv[2] + ".1")
log.info("trusts its last look")
time.sleep(AGAIN)
log.info("looks again")
os.rename(sys.argv[2], sys.argv[2] + ".2")
log.error("looks each time")
"""
    assert ended(code, log) == (0, "")
    assert messages(log.with_name("app.log.1")) == ["opened", "trusts its last look"]
    assert messages(log.with_name("app.log.2")) == ["looks again"]
    assert messages(log) == ["looks each time"]


def test_a_log_that_was_removed_is_made_again_and_its_folder_too(tmp_path: Path) -> None:
    code = """
import shutil
log.info("one")
shutil.rmtree(os.path.dirname(sys.argv[2]))
log.error("two")
log.info("three")
"""
    log = tmp_path / "logs" / "app.log"
    assert ended(code, log) == (0, "")
    assert messages(log) == ["two", "three"]
    assert log.stat().st_mode & 0o777 == 0o640 & ~_umask()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
