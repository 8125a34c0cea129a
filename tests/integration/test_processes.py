"""What a killed supervisor leaves is found, and nothing that is somebody else's."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.integration.supervised import begin, layout_in, place, supervised
from uncork.layout import Layout
from uncork.machine import leftovers, processes, pythons, supervisord, tools
from uncork.model import Instance

pytestmark = pytest.mark.skipif(not processes.PROC.exists(), reason="there is no /proc")

SHOP = Instance("shop", 1)
NGINX = """
daemon off;
worker_processes 2;
pid {pid};
error_log stderr;
events {{}}
http {{ server {{ listen unix:{run}/front.sock; access_log off; }} }}
"""


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return layout_in(tmp_path)


def eventually(found: object, seconds: float = 5.0) -> None:
    assert callable(found)
    deadline = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def servers(layout: Layout) -> set[int]:
    """Those that run and are what they are to be: until then it is supervisord or a shell, with their environment."""
    found = supervisord.processes(layout.supervisor_socket) or ()
    return {program.pid for program in found if program.running and _has_begun(program.pid, layout)}


def _has_begun(pid: int, layout: Layout) -> bool:
    words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    return words[0] == b"sleep" or os.fsencode(layout.home / "server.py") in words


def end(pids: tuple[int, ...]) -> None:
    for pid in pids:
        processes.stop_group(pid, 2.0)


def test_what_a_supervisor_holds_is_no_leftover_and_what_a_killed_one_held_is(layout: Layout) -> None:
    place(layout, SHOP, "good")
    with supervised(layout) as state:
        eventually(lambda: len(servers(layout)) == 2)
        held = servers(layout)
        assert leftovers.find(layout) == ()
        state.kill()
        found = leftovers.find(layout)
        assert set(found) == held
        end(found)
        assert leftovers.find(layout) == ()
        assert not any(processes.alive(pid) for pid in held)


def test_a_new_supervisor_does_not_hide_what_the_old_one_left(layout: Layout) -> None:
    place(layout, SHOP, "good")
    with supervised(layout) as state:
        eventually(lambda: len(servers(layout)) == 2)
        lost = servers(layout)
        state.kill()
        (layout.programs / f"{SHOP.name}.conf").unlink()
        begin(layout)
        assert set(leftovers.find(layout)) == lost


def test_a_supervisor_whose_socket_is_gone_is_ended_before_what_it_would_start_again(layout: Layout) -> None:
    place(layout, SHOP, "good")
    with supervised(layout) as state:
        eventually(lambda: len(servers(layout)) == 2)
        held = servers(layout)
        layout.supervisor_socket.unlink()
        found = leftovers.find(layout)
        assert found[0] == state.pid
        assert set(found[1:]) == held
        end(found)
        assert leftovers.find(layout) == ()


@pytest.fixture
def nginx(layout: Layout) -> Iterator["subprocess.Popen[bytes]"]:
    config = layout.front / "nginx.conf"
    config.write_text(NGINX.format(run=layout.run, pid=layout.front_pid))
    argv = (tools.nginx(), "-c", str(config), "-e", "stderr")
    with subprocess.Popen(argv, cwd=layout.front, start_new_session=True, stderr=subprocess.DEVNULL) as master:
        eventually(lambda: len(processes._members(master.pid)) == 3)
        yield master
        end(leftovers.find(layout))


def test_workers_of_a_killed_nginx_are_found_though_their_titles_say_nothing(
    nginx: "subprocess.Popen[bytes]", layout: Layout
) -> None:
    everybody = set(processes._members(nginx.pid))
    assert set(leftovers.find(layout)) == everybody
    nginx.kill()
    nginx.wait()
    assert set(leftovers.find(layout)) == everybody - {nginx.pid}
    end(leftovers.find(layout))
    assert not any(processes.alive(pid) for pid in everybody)


def test_another_nginx_is_left_alone_whatever_an_app_wrote_into_the_pid_file(layout: Layout, tmp_path: Path) -> None:
    config = tmp_path / "nginx.conf"
    config.write_text(NGINX.format(run=tmp_path, pid=tmp_path / "nginx.pid"))
    with subprocess.Popen((tools.nginx(), "-c", str(config), "-e", "stderr"), cwd="/", start_new_session=True) as other:
        eventually(lambda: len(processes._members(other.pid)) == 3)
        layout.front_pid.write_text(str(other.pid))
        found = leftovers.find(layout)
        other.terminate()
    assert found == ()


def _cmdline(pid: int) -> bytes:
    try:
        return processes.read(pid, "cmdline")
    except OSError:
        return b""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes a PID namespace")
def test_what_runs_in_a_container_is_left_alone_though_its_names_are_ours(layout: Layout, tmp_path: Path) -> None:
    script = tmp_path / "agent.sh"
    script.write_text(f"exec {sys.executable} -c 'input()' uncork.agent {layout.home}\n")
    words = ("sh", str(script))

    def there() -> list[int]:
        return [pid for pid in processes.pids() if b"\0input()\0uncork.agent\0" in _cmdline(pid)]

    with subprocess.Popen(("unshare", "--pid", "--fork", "--kill-child", *words), stdin=subprocess.PIPE) as container:
        eventually(there)
        assert leftovers.find(layout) == ()
        container.kill()
    with subprocess.Popen(words, stdin=subprocess.PIPE) as here:
        eventually(lambda: leftovers.find(layout) == (here.pid,))
        here.kill()


def test_what_only_looks_like_ours_is_left_alone(layout: Layout) -> None:
    log = layout.logs / "server.log"
    log.write_text("")
    home = {**os.environ, "UNCORK_HOME": str(layout.home)}
    elsewhere = {**home, "UNCORK_HOME": f"{layout.home}-2", "UNCORK_RUN": f"{layout.run}/shop/1.1"}
    with ExitStack() as stack:
        children = [
            stack.enter_context(subprocess.Popen(("tail", "-f", str(log)), env=home)),
            stack.enter_context(subprocess.Popen(("tail", "-f", str(layout.supervisor_config), str(log)), env=home)),
            stack.enter_context(subprocess.Popen(("sleep", "60"), env=elsewhere, cwd=layout.home)),
        ]
        layout.supervisor_pid.write_text(str(children[0].pid))
        layout.front_pid.write_text(str(children[1].pid))
        assert leftovers.find(layout) == ()
        for child in children:
            child.kill()


def test_a_group_is_asked_to_end_and_killed_if_it_does_not(tmp_path: Path) -> None:
    script = f"trap '' TERM; sleep 60 & echo $! > {tmp_path}/pid; while true; do sleep 1; done"
    with subprocess.Popen(("sh", "-c", script), start_new_session=True) as child:
        eventually(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
        processes.stop_group(child.pid, 0.2)
        assert child.wait() == -signal.SIGKILL
        assert not processes.alive(int((tmp_path / "pid").read_text()))


def test_our_own_group_is_never_ended_with_one_of_its_members() -> None:
    with subprocess.Popen(("sleep", "60")) as child:
        processes.stop_group(child.pid, 2.0)
        assert child.wait() == -signal.SIGTERM
    processes.stop_group(child.pid, 0.0)


def test_one_that_has_ended_and_waits_to_be_asked_about_is_not_alive() -> None:
    with subprocess.Popen(("true",)) as child:
        eventually(lambda: not processes.alive(child.pid))
    assert processes.alive(os.getpid())
    assert processes.alive(1)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root serves as somebody else")
def test_who_serves_reaches_what_everybody_reaches_and_nothing_of_root_s(tmp_path: Path) -> None:
    account = processes.account()
    assert account
    assert account.uid != 0
    assert processes.reachable("/bin/sh", account)
    tmp_path.chmod(0o700)
    (tmp_path / "python").symlink_to("/bin/sh")
    assert not processes.reachable(str(tmp_path / "python"), account)


def test_the_python_that_runs_uncork_comes_first_and_none_is_a_script(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shim = tmp_path / "python3.12"
    shim.write_text("#!/bin/sh\necho Python 3.12.99\n")
    shim.chmod(0o755)
    (tmp_path / "python3").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    found = tuple(pythons.interpreters(tools.uv()))
    assert found[0].version == sys.version.split()[0]
    assert len({each.path for each in found}) == len(found)
    assert not any("3.12.99" in each.version or each.path.startswith(str(tmp_path)) for each in found)
    assert all(Path(each.path).is_file() and not Path(each.path).is_symlink() for each in found)
