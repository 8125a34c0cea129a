"""Files are changed on a real disk: whole or not at all, with the right modes, and nothing leaves a copied tree."""

import os
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from uncork.errors import LockedError, StepFailedError, UserError
from uncork.machine import files, processes
from uncork.plan import Copy, Directory, File, Link, Remove

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")


@pytest.fixture(autouse=True)
def strict_umask() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def in_a_child(code: str, *args: object) -> "subprocess.Popen[str]":
    argv = (sys.executable, "-c", code, *map(str, args))
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)


def test_a_file_gets_its_mode_and_its_parents_can_be_entered_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "conf"
    files.write(File(path, "one\n", 0o640), None)
    files.write(File(path, "two\udcff\n", 0o755), None)
    assert path.read_bytes() == b"two\xff\n"
    assert (mode(path), mode(path.parent), mode(path.parent.parent)) == (0o755, 0o755, 0o755)
    assert list(path.parent.iterdir()) == [path]


def test_a_secret_is_never_readable_by_others(tmp_path: Path) -> None:
    files.write(File(tmp_path / ".env", "KEY=1", 0o644, secret=True), None)
    assert mode(tmp_path / ".env") == 0o600


@root_only
def test_a_secret_belongs_to_the_account_that_serves(tmp_path: Path) -> None:
    account = processes.account()
    assert account
    files.write(File(tmp_path / ".env", "KEY=1", secret=True), account)
    files.write(File(tmp_path / "plain", "1"), account)
    assert (tmp_path / ".env").stat().st_uid == account.uid
    assert (tmp_path / "plain").stat().st_uid == 0


def test_what_a_killed_write_left_behind_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / ".conf.new").write_text("half")
    files.write(File(tmp_path / "conf", "whole"), None)
    assert [path.name for path in tmp_path.iterdir()] == ["conf"]


def test_a_link_is_moved_with_no_moment_without_one(tmp_path: Path) -> None:
    path = tmp_path / "current.sock"
    files.link(Link(path, "1.1/app.sock"))
    watch = "import os,sys\nprint('ready', flush=True)\nwhile True:\n  os.readlink(sys.argv[1])\n"
    with in_a_child(watch, path) as watcher:
        assert watcher.stdout
        assert watcher.stdout.readline() == "ready\n"
        for number in range(200):
            files.link(Link(path, f"{number}.1/app.sock"))
        assert watcher.poll() is None, "the link was gone for a moment"
        watcher.kill()
    assert os.readlink(path) == "199.1/app.sock"  # noqa: PTH115 -- the text of it, not a path


def test_a_file_is_not_replaced_where_a_folder_stands(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    with pytest.raises(StepFailedError, match="Is a directory"):
        files.write(File(tmp_path / "conf", ""), None)
    assert [path.name for path in tmp_path.iterdir()] == ["conf"]


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KB."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    mount = ("mount", "-t", "tmpfs", "-o", "size=64k,mode=755", "tmpfs", str(folder))
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small file system needs root and the right to mount")
    yield folder
    subprocess.run(("umount", "-l", str(folder)), check=True)


def test_a_full_disk_is_said_in_plain_words_and_the_old_file_stays(tiny: Path) -> None:
    path = tiny / "conf"
    files.write(File(path, "old"), None)
    with pytest.raises(StepFailedError) as raised:
        files.write(File(path, "x" * 100_000, why="write the config"), None)
    assert raised.value.why == "write the config"
    assert raised.value.reason == f"no space left on the device that holds {path}"
    assert path.read_text() == "old"
    assert list(tiny.iterdir()) == [path]


def test_a_disk_that_fills_up_while_a_tree_is_copied_names_the_file(tiny: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "small").write_text("1")
    (source / "large").write_bytes(b"x" * 200_000)
    with pytest.raises(StepFailedError) as raised:
        files.copy(Copy(source, tiny / "copy", ("small", "large")))
    assert raised.value.reason == f"no space left on the device that holds {tiny / 'copy' / 'large'}"


def test_a_lock_is_one_on_a_full_disk_too(tiny: Path) -> None:
    path = tiny / "lock"
    path.touch()
    (tiny / "filler").write_bytes(b"x" * 4096 * 16)
    with files.hold(path), pytest.raises(LockedError, match="another uncork"), files.hold(path):
        pass


def test_a_read_only_disk_is_said_in_plain_words(tiny: Path) -> None:
    subprocess.run(("mount", "-o", "remount,ro", str(tiny)), check=True)
    with pytest.raises(StepFailedError, match="read-only"):
        files.write(File(tiny / "conf", ""), None)


@pytest.mark.parametrize("wanted", [0o755, 0o700, 0o711, 0o750])
def test_a_folder_gets_exactly_its_mode(wanted: int, tmp_path: Path) -> None:
    files.make(Directory(tmp_path / "run" / "app", wanted), None)
    assert mode(tmp_path / "run" / "app") == wanted
    assert mode(tmp_path / "run") == 0o755


def test_a_folder_that_is_there_gets_the_mode_it_should_have(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir(0o777)
    files.make(Directory(tmp_path / "logs", 0o711), None)
    assert mode(tmp_path / "logs") == 0o711


def test_a_folder_that_is_everybody_s_stays_so_and_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    with pytest.raises(StepFailedError, match="anybody may make files"):
        files.make(Directory(tmp_path), None)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o1777


@root_only
def test_a_folder_of_the_account_s_or_of_its_group_is_given_to_it(tmp_path: Path) -> None:
    account = processes.account()
    assert account
    files.make(Directory(tmp_path / "data", 0o700, serving=True), account)
    files.make(Directory(tmp_path / "sockets", 0o710), account)
    files.make(Directory(tmp_path / "plain", 0o755), account)
    owners = [(path.stat().st_uid, path.stat().st_gid) for path in (tmp_path / n for n in ("data", "sockets", "plain"))]
    assert owners == [(account.uid, account.gid), (0, account.gid), (0, 0)]


@root_only
def test_a_folder_that_a_stranger_made_in_a_shared_one_is_refused(tmp_path: Path) -> None:
    shared = tmp_path / "tmp"
    shared.mkdir()
    shared.chmod(0o1777)
    strange = shared / "uncork-0"
    strange.mkdir()
    os.chown(strange, 4242, 4242)
    with pytest.raises(StepFailedError, match="4242"):
        files.make(Directory(strange), None)
    with pytest.raises(StepFailedError, match="4242"):
        files.make(Directory(strange / "deeper"), None)
    with pytest.raises(StepFailedError, match="4242"):
        files.write(File(strange / "conf", ""), None)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    source = tmp_path / "project"
    (source / "pkg").mkdir(parents=True)
    (source / "app.py").write_text("app = 1\n")
    (source / "pkg" / "data.bin").write_bytes(os.urandom(3_000_000))
    script = source / "manage"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o4777)
    (source / "also.py").symlink_to("app.py")
    (source / "alias").symlink_to("pkg")
    (source / "secrets").symlink_to("/etc/passwd")
    os.mkfifo(source / "pipe")
    return source


def test_a_tree_is_copied_as_regular_files_with_nothing_but_the_x_bit(tree: Path, tmp_path: Path) -> None:
    to = tmp_path / "copy"
    files.copy(Copy(tree, to, ("app.py", "manage", "pkg/data.bin", "also.py", "alias/data.bin")))
    assert (mode(to / "app.py"), mode(to / "manage"), mode(to / "pkg")) == (0o644, 0o755, 0o755)
    assert (to / "pkg" / "data.bin").read_bytes() == (tree / "pkg" / "data.bin").read_bytes()
    assert (to / "alias" / "data.bin").read_bytes() == (tree / "pkg" / "data.bin").read_bytes()
    assert stat.S_ISREG((to / "also.py").lstat().st_mode)
    assert (to / "also.py").read_text() == "app = 1\n"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("secrets", "secrets is a link that leads out of the project, to /etc/passwd"),
        ("pipe", "pipe is not a regular file"),
        ("pkg", "pkg is not a regular file"),
        ("../project/app.py", "../project/app.py is not a name inside the project"),
        ("/etc/passwd", "/etc/passwd is not a name inside the project"),
        ("gone.py", "gone.py is gone: it was there a moment ago"),
    ],
)
def test_what_must_not_be_copied_is_refused_by_name(name: str, reason: str, tree: Path, tmp_path: Path) -> None:
    with pytest.raises(StepFailedError) as raised:
        files.copy(Copy(tree, tmp_path / "copy", ("app.py", name)))
    assert raised.value.reason == reason


def test_a_tree_is_removed_with_what_an_earlier_kill_left_of_others(tmp_path: Path) -> None:
    (tmp_path / "1" / "source").mkdir(parents=True)
    (tmp_path / ".0.gone" / "source").mkdir(parents=True)
    files.remove(Remove(tmp_path / "1"))
    files.remove(Remove(tmp_path / "1"))
    files.remove(Remove(tmp_path / "never" / "there"))
    assert list(tmp_path.iterdir()) == []


def test_a_tree_that_somebody_else_removes_at_the_same_time_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove = shutil.rmtree

    def removed_by_both(path: Path) -> None:
        remove(path)
        remove(path)

    (tmp_path / "1").mkdir()
    monkeypatch.setattr(shutil, "rmtree", removed_by_both)
    files.remove(Remove(tmp_path / "1"))
    assert not list(tmp_path.iterdir())


def test_a_link_is_removed_and_not_what_it_means(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "link").symlink_to("kept")
    files.remove(Remove(tmp_path / "link"))
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


HOLD = """
import pathlib, sys
from uncork.machine import files
with files.hold(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    with in_a_child(HOLD, tmp_path / "deploy.lock") as child:
        assert child.stdout
        assert child.stdout.readline() == "held\n"
        yield child
        child.kill()


def test_a_lock_that_is_held_is_refused_at_once_naming_the_holder(
    holder: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    began = time.monotonic()
    with pytest.raises(LockedError) as raised, files.hold(tmp_path / "deploy.lock"):
        pass
    assert time.monotonic() - began < 0.5
    assert f"pid {holder.pid}, since 20" in raised.value.problem


def test_a_dead_holder_s_lock_is_no_lock(holder: "subprocess.Popen[str]", tmp_path: Path) -> None:
    holder.kill()
    holder.wait()
    with files.hold(tmp_path / "deploy.lock"):
        assert (tmp_path / "deploy.lock").read_text().startswith(f"{os.getpid()} ")


def test_a_lock_is_waited_for_until_it_is_free(holder: "subprocess.Popen[str]", tmp_path: Path) -> None:
    with pytest.raises(LockedError), files.hold_waiting(tmp_path / "deploy.lock", 0.1):
        pass
    assert holder.stdin
    holder.stdin.close()
    with files.hold_waiting(tmp_path / "deploy.lock", 10.0):
        pass


def test_a_lock_whose_file_was_removed_with_its_folder_is_taken_anew(tmp_path: Path) -> None:
    path = tmp_path / "deploy.lock"
    with files.hold(path):
        path.unlink()
        with files.hold(path), pytest.raises(LockedError), files.hold(path):
            pass


def test_a_command_that_is_started_under_a_lock_does_not_keep_it(tmp_path: Path) -> None:
    with files.hold(tmp_path / "lock"):
        child = subprocess.Popen(("sleep", "60"), close_fds=False)
    with files.hold(tmp_path / "lock"):
        pass
    child.kill()
    child.wait()


def test_a_history_grows_line_by_line_and_its_tail_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "app" / "history.jsonl"
    files.append(path, "one\n")
    since = files.size(path)
    files.append(path, "two\n")
    assert files.read(path) == "one\ntwo\n"
    assert files.tail(path, since, 100) == "two\n"
    assert files.tail(path, 0, 5) == "\ntwo\n"
    assert files.tail(path, 10**6, 100) == "one\ntwo\n", "a shorter file is another one"
    assert files.tail(tmp_path / "none", 0, 100) == ""


def test_a_file_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=str(tmp_path / "none")):
        files.read(tmp_path / "none")
    assert files.names_in(tmp_path / "none") == ()


@pytest.mark.parametrize("kind", ["a link", "a pipe"])
def test_what_an_app_put_in_place_of_its_log_is_not_followed_nor_waited_for(tmp_path: Path, kind: str) -> None:
    log = tmp_path / "server.log"
    if kind == "a pipe":
        os.mkfifo(log)
    else:
        (tmp_path / "secret").write_text("for root alone")
        log.symlink_to("secret")
    assert files.tail(log, 0, 100) == ""
