"""Apache, as the front and as the server: switched to and back, killed, rotated, and missed where it isn't."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.stacks import STACKS, Stack
from tests.e2e.state import Uncork, eventually, gone, state
from uncork.machine import endpoints
from uncork.machine.writers import reopen_front

(MOD_WSGI,) = (stack for stack in STACKS if stack.name == "mod_wsgi-apache")


@pytest.fixture(scope="module")
def shared() -> Iterator[Uncork]:
    """Apache in front of mod_wsgi, for the whole module."""
    MOD_WSGI.needed()
    with state() as uncork:
        uncork.up(MOD_WSGI.project(uncork.root / "hello")).ok()
        yield uncork


def front(uncork: Uncork) -> int:
    """The pid of the front's master."""
    return int((uncork.home / "run" / "_front" / "nginx.pid").read_text())


def log(uncork: Uncork, name: str) -> Path:
    return uncork.home / "apps" / "hello" / "logs" / name


def with_front(uncork: Uncork, line: str) -> Path:
    """The project, with another line about its server and front."""
    return Stack("", line).project(uncork.root / f"hello-{len(list(uncork.root.iterdir()))}")


def test_status_knows_the_processes_that_have_the_app(shared: Uncork) -> None:
    eventually(lambda: shared.app()["state"] == "running")
    pids = shared.workers()
    assert len(pids) == 2
    assert all(b"(wsgi:hello)" in Path(f"/proc/{pid}/cmdline").read_bytes() for pid in pids)


def test_nobody_but_the_front_gets_to_the_app_though_it_listens_on_a_port(shared: Uncork) -> None:
    found = endpoints.at(shared.home / "run" / "hello" / "current.sock")
    assert found
    assert found.key not in shared.get("/about").text
    port, shared.port = shared.port, found.port
    try:
        assert shared.get().status == 403
        assert shared.get(X_Uncork_Key="0" * 32).status == 403
    finally:
        shared.port = port
    assert shared.get(X_Uncork_Key="0" * 32).status == 200
    assert (shared.home / "run" / "hello" / "current.sock").resolve().stat().st_mode & 0o077 == 0


def test_logs_that_were_renamed_are_written_anew_and_no_visitor_notices(shared: Uncork) -> None:
    with shared.load(100) as load:
        for _ in range(3):
            renamed = log(shared, "access.log").rename(log(shared, "access.log-20261122-120000"))
            reopen_front(shared.home / "run" / "_front" / "nginx.pid", shared.home / "front")  # as the agent does
            eventually(log(shared, "access.log").exists)
            eventually(lambda: log(shared, "access.log").stat().st_size > 0)
            renamed.unlink()
    assert not load.result.failures
    old = log(shared, "server.log").rename(log(shared, "server.log-20261122-120000"))
    eventually(lambda: not writers_of(shared, old) or shared.get().status != 200)
    old.unlink()


def writers_of(uncork: Uncork, path: Path) -> list[int]:
    """The processes that have a file open."""
    links = (link for pid in uncork.processes() for link in Path(f"/proc/{pid}/fd").glob("*"))
    return [int(link.parts[2]) for link in links if os.path.lexists(link) and link.readlink() == path]


@pytest.mark.parametrize("what", ["front", "server"])
def test_after_its_master_was_killed_the_next_one_answers_and_nothing_is_left(shared: Uncork, what: str) -> None:
    server = shared.home / "run" / "hello" / "current.sock"
    master = front(shared) if what == "front" else int((server.resolve().parent / "server.pid").read_text())
    group = [pid for pid in shared.processes() if os.getpgid(pid) == master]
    assert len(group) > 1
    os.kill(master, signal.SIGKILL)
    eventually(lambda: not set(group) & set(shared.processes()), within=15)
    eventually(lambda: answers(shared), within=15)


def answers(uncork: Uncork) -> bool:
    try:
        return uncork.get().status == 200
    except OSError:
        return False


def test_an_app_may_be_put_behind_another_front_and_a_rollback_brings_the_first_one_back(shared: Uncork) -> None:
    serves = shared.release()
    shared.up(with_front(shared, 'front = "nginx"')).ok()
    assert shared.release() == serves + 1
    assert b"nginx: master" in Path(f"/proc/{front(shared)}/cmdline").read_bytes()
    shared.run("rollback").ok()
    assert shared.release() == serves
    assert b"apache2" in Path(f"/proc/{front(shared)}/cmdline").read_bytes()
    assert not (shared.home / "front" / "nginx.conf").exists()


def test_what_apache_is_not_asked_to_do_is_told_at_plan_and_up_and_nothing_changes(shared: Uncork) -> None:
    serves = shared.release()
    project = with_front(shared, 'front = "apache"\ncache = true')
    for verb in ("plan", "up"):
        said = shared.run(verb, str(project), "--port", str(shared.port)).ended(2).said
        assert 'front = "nginx"' in said
    assert shared.release() == serves


@pytest.mark.parametrize(
    ("line", "package"), [('front = "apache"', "apt-get install apache2"), (MOD_WSGI.config, "libapache2-mod-wsgi-py3")]
)
def test_where_there_is_no_apache_the_package_is_told(uncork: Uncork, line: str, package: str) -> None:
    """The command looks in a few folders; in a mount namespace of its own they are empty."""
    project = with_front(uncork, line)
    hidden = "/usr/lib/apache2/modules" if package.startswith("apt") else "/usr/lib/apache2/modules/mod_wsgi.so"
    if not Path(hidden).exists() or os.geteuid() != 0:
        pytest.skip("there is no Apache to hide, or nobody may hide it")
    cover = uncork.root / "nothing"
    cover.mkdir() if Path(hidden).is_dir() else cover.write_bytes(b"")
    for verb in ("plan", "up"):
        words = uncork.command(verb, str(project))
        script = f'mount --bind {cover} {Path(hidden).resolve()} && exec "$@"'
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", script, "sh", *words], capture_output=True, text=True, check=False,
            env=uncork.environment(), cwd=uncork.root,
        )  # fmt: skip
        if "unshare" in done.stderr or "mount:" in done.stderr:
            pytest.skip("no mount namespace may be made here")
        assert done.returncode == 2, done.stderr
        assert package in done.stderr
        assert "Traceback" not in done.stderr
    assert not gone(uncork.processes)
