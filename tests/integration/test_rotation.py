"""Logs rotated while real processes write to them: each line is in exactly one file, whatever happens in between."""

import fcntl
import gzip
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.state import eventually
from uncork.machine.rotation import compress, is_left, prune, rotated, take, tidy
from uncork.machine.writers import reopen_front, written

NOON: Final = datetime(2026, 11, 22, 12, 0, 5, tzinfo=timezone.utc)
HOLD: Final = "import sys; file = open(sys.argv[1], sys.argv[2]); print(flush=True); sys.stdin.read()"


def never() -> bool:
    return False


def content(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "app.log"
    path.write_bytes(b"one\ntwo\n")
    return path


@contextmanager
def holding(path: Path, mode: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that has the file open."""
    argv = (sys.executable, "-c", HOLD, str(path), mode)
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        yield process
        process.kill()


def test_a_rotated_log_has_its_time_in_its_name_and_an_empty_one_is_in_its_place(log: Path) -> None:
    old = take(log, NOON)
    assert old == log.with_name("app.log-20261122-120005")
    assert old.read_bytes() == b"one\ntwo\n"
    assert log.read_bytes() == b""
    assert log.stat().st_mode & 0o777 == 0o640


def test_several_of_one_second_get_numbers_compressed_ones_too_and_stay_in_order(log: Path) -> None:
    for number in range(12):
        old = take(log, NOON)
        assert old
        if number % 2:
            compress(old, never)
        log.write_bytes(b"%d" % number)
    assert [path.name.partition(".log-")[2] for path in rotated(log)][:3] == [
        "20261122-120005",
        "20261122-120005.1.gz",
        "20261122-120005.2",
    ]
    assert [content(path) for path in rotated(log)][1:] == [b"%d" % number for number in range(11)]


def test_a_log_is_left_once_nobody_is_in_the_middle_of_a_record(log: Path) -> None:
    with log.open("ab") as writer:
        fcntl.flock(writer, fcntl.LOCK_SH)
        old = take(log, NOON)
        assert old
        assert not is_left(old)
    assert is_left(old)


def test_a_link_in_a_log_s_place_is_left_alone(tmp_path: Path, log: Path) -> None:
    link = tmp_path / "server.log"
    link.symlink_to(log)
    assert take(link, NOON) is None
    assert link.is_symlink()
    assert log.read_bytes() == b"one\ntwo\n"


def test_a_compressed_log_has_all_of_it_its_time_and_its_mode(log: Path) -> None:
    log.write_bytes(os.urandom(700_000))
    log.chmod(0o640)
    os.utime(log, (1_000_000, 1_000_000))
    before = log.read_bytes()
    old = take(log, NOON)
    assert old
    assert compress(old, never)
    (packed,) = rotated(log)
    assert packed.name == "app.log-20261122-120005.gz"
    assert content(packed) == before
    assert (packed.stat().st_mtime, packed.stat().st_mode & 0o777) == (1_000_000, 0o640)


def test_a_compressed_log_does_not_run_as_who_compressed_it(log: Path) -> None:
    log.chmod(0o6755)
    assert compress(log, never)
    (packed,) = log.parent.glob("*.gz")
    assert packed.stat().st_mode & 0o7777 == 0o644


def test_compression_that_is_broken_off_leaves_the_log_as_it_was_and_nothing_else(log: Path) -> None:
    old = take(log, NOON)
    assert old
    assert not compress(old, lambda: True)
    assert sorted(path.name for path in log.parent.iterdir()) == ["app.log", old.name]


def test_a_kill_between_the_compressed_log_and_the_removal_of_the_other_doubles_nothing(log: Path) -> None:
    old = take(log, NOON)
    assert old
    old.with_name(f"{old.name}.gz").write_bytes(gzip.compress(b"one\ntwo\n"))
    assert rotated(log) == (old,)
    assert compress(old, never)
    (packed,) = rotated(log)
    assert content(packed) == b"one\ntwo\n"
    assert not old.exists()


def test_what_a_killed_compression_left_is_tidied_away(log: Path) -> None:
    left = log.with_name(".app.log-20261122-120005.gz.new")
    left.write_bytes(b"half")
    tidy(log.parent)
    assert not left.exists()
    assert log.exists()


def test_the_oldest_go_but_none_that_somebody_writes_to(log: Path) -> None:
    taken = []
    for number in range(5):
        taken.append(take(log, NOON.replace(second=number)))
        log.write_bytes(b"more\n")
    prune(log, 2, {taken[1]})
    assert rotated(log) == (taken[1], taken[3], taken[4])
    prune(log, 0, ())
    assert rotated(log) == ()
    assert log.exists()


def test_who_writes_is_known_and_who_only_reads_does_not_count(log: Path) -> None:
    other = log.with_name("other.log")
    other.write_bytes(b"")
    with holding(log, "ab"), holding(other, "rb"):
        renamed = log.rename(log.with_name("renamed"))
        assert written((renamed, other)) == {renamed}
    eventually(lambda: written((renamed,)) == frozenset())


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone can give a file away")
def test_who_writes_to_a_log_of_another_user_is_known_too(log: Path) -> None:
    os.chown(log, 65_534, 65_534)
    with holding(log, "rb"):
        assert written((log,)) == frozenset()
    with holding(log, "ab"):
        assert written((log,)) == {log}


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone can give a folder away")
def test_a_log_in_the_folder_of_another_user_is_rotated_and_no_file_of_ours_put_in_its_place(log: Path) -> None:
    os.chown(log.parent, 65_534, 65_534)
    taken = take(log, NOON)
    assert taken
    assert content(taken) == b"one\ntwo\n"
    assert not log.exists()


def test_who_has_the_number_of_an_nginx_that_is_gone_is_not_signalled(tmp_path: Path, log: Path) -> None:
    pid_file = tmp_path / "nginx.pid"
    with holding(log, "rb") as process:
        pid_file.write_text(f"{process.pid}\n")
        reopen_front(pid_file, tmp_path)
        assert process.stdin
        process.stdin.close()
        assert process.wait(10) == 0
    pid_file.unlink()
    reopen_front(pid_file, tmp_path)


WRITER: Final = """
import fcntl, os, sys
path, name, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
opened = lambda: os.open(path, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o640)
fd, number = opened(), 0
while not os.path.exists(path + ".stop"):
    while True:
        fcntl.flock(fd, fcntl.LOCK_SH)
        try:
            if os.path.samestat(os.fstat(fd), os.stat(path)):
                break
        except FileNotFoundError:
            pass
        os.close(fd)
        fd = opened()
    os.write(fd, f"{name} {number} ".encode().ljust(size, b"x") + b"\\n")
    fcntl.flock(fd, fcntl.LOCK_UN)
    number += 1
print(number)
"""


@pytest.mark.parametrize(("rotations", "size"), [(40, 80), (15, 40_000)])
def test_under_four_writers_each_record_is_in_exactly_one_file_and_whole(log: Path, rotations: int, size: int) -> None:
    """The agent's half; the app's own writer has a test of its own."""
    log.write_bytes(b"")
    writers = [
        subprocess.Popen((sys.executable, "-c", WRITER, str(log), f"w{w}", str(size)), stdout=subprocess.PIPE)
        for w in range(4)
    ]
    sizes: dict[Path, int] = {}
    while len(sizes) < rotations:
        old = take(log, datetime.now(timezone.utc)) if log.stat().st_size else None
        if old:
            while not is_left(old):
                pass
            sizes[old] = old.stat().st_size
    log.with_name("app.log.stop").touch()
    counts = [int(writer.communicate()[0]) for writer in writers]
    assert {path: path.stat().st_size for path in sizes} == sizes, "somebody wrote to a log that had been left"
    seen = Counter(line for path in (*rotated(log), log) for line in content(path).splitlines())
    expected = {f"w{w} {n} ".encode().ljust(size, b"x") for w, count in enumerate(counts) for n in range(count)}
    assert seen.keys() == expected
    assert set(seen.values()) == {1}
