"""What every server must do, whatever it is: each one of the registry is really started, under the real supervisord."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.contract.house import RUN, Asked, House
from tests.e2e.state import eventually
from uncork.errors import StepFailedError
from uncork.machine import processes
from uncork.machine.writers import reopen_server
from uncork.plan import Gone, Probe, Warm


def wait(seconds: float = 0.4) -> None:
    time.sleep(seconds)


def test_it_answers_on_its_socket_in_its_own_folder_with_nobody_else_s_environment(
    running: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY", "of who deploys")
    with running.release(1) as instance:
        answer = running.ask(instance)
        _, folder, own, canary, host = answer.body.decode().split()
    assert answer.status == 200
    assert (folder, own) == (str(running.app.source(1)), str(running.app.own(instance)))
    assert (canary, host) == ("None", "localhost")


def test_the_request_in_flight_is_answered_when_it_is_stopped_and_nothing_is_left(running: House) -> None:
    before = running.pids()
    with running.release(2) as instance:
        asked = Asked(lambda: running.ask(instance, "/sleep/1.5"))
        wait()
        begun = time.monotonic()
    asked.join()
    assert asked.response is not None, asked.error
    assert asked.response.body == b"slept"
    assert time.monotonic() - begun < 5
    assert running.pids() == before
    assert not running.app.instance(instance).exists()


def test_with_threads_too_every_request_in_flight_is_answered(running: House) -> None:
    with running.release(3, threads=3, processes=1) as instance:
        asked = [Asked(lambda: running.ask(instance, "/sleep/1.5")) for _ in range(3)]
        wait()
    for one in asked:
        one.join()
    assert [one.response and one.response.body for one in asked] == [b"slept"] * 3


def test_what_the_app_registered_for_its_end_is_done_by_every_worker(running: House) -> None:
    with running.release(4) as instance:
        answered: set[bytes] = set()
        while len(answered) < running.build.processes:
            both = [Asked(lambda: running.ask(instance, "/pid/0.05")) for _ in range(running.build.processes)]
            for asked in both:
                asked.join()
                answered.add(asked.response.body if asked.response else b"")
        before = running.app.server_log.read_text().count("the app says goodbye")
    assert running.app.server_log.read_text().count("the app says goodbye") == before + running.build.processes


def test_its_master_opens_a_log_that_was_renamed_again_for_all_that_it_writes(running: House) -> None:
    signal_name = running.server.service(running.build).reopen_signal
    if not signal_name:
        pytest.skip("its master has the log open by no means")
    with running.release(5) as instance:
        log = running.app.server_log
        master = int(running.app.server_pid(instance).read_text())
        old = log.rename(log.with_name("server.log-20261122-120000"))
        reopen_server(running.app.server_pid(instance), signal_name)
        eventually(lambda: {str(log)} == {str(Path(f"/proc/{master}/fd/{number}").readlink()) for number in (1, 2)})
        assert running.ask(instance).status == 200
        assert processes.alive(master)
    old.unlink()


@pytest.mark.parametrize(
    ("number", "run_py", "said"),
    [
        (10, "import nowhere_at_all", "nowhere_at_all"),
        (11, "def f(:", "SyntaxError"),
        (12, "1 / 0", "ZeroDivisionError"),
    ],
)
def test_an_app_that_can_not_be_imported_is_refused_with_its_traceback(
    running: House, number: int, run_py: str, said: str
) -> None:
    instance = running.start(number, run_py)
    with pytest.raises(StepFailedError, match=r"ended before it answered|answer was 500") as caught:
        running.probe(instance)
    running.stop(instance, 0.0)
    assert said in caught.value.output
    assert not running.app.instance(instance).exists()


@pytest.mark.parametrize("seconds", [0.0, 10.0])
@pytest.mark.parametrize("run_py", ["import time; time.sleep(600)", "while True: pass", "raise SystemExit(0)"])
def test_an_app_that_never_boots_is_ended_at_once(running: House, run_py: str, seconds: float) -> None:
    if seconds and running.server.needs_apache:
        pytest.skip("Apache finishes the requests that wait for it")
    before = running.pids()
    instance = running.start(20, run_py)
    with pytest.raises(StepFailedError):
        running.probe(instance, 1.0)
    begun = time.monotonic()
    running.stop(instance, seconds)
    assert time.monotonic() - begun < 5
    wait()
    assert running.pids() == before


def test_its_workers_are_known(running: House) -> None:
    with running.release(4) as instance:
        for _ in range(20):
            running.ask(instance)
        workers = running.workers(instance)
        pids = {int(running.ask(instance).body.split()[0]) for _ in range(20)}
    if workers:
        assert pids <= {worker.pid for worker in workers}
        assert len(workers) == running.build.processes
        assert sum(worker.requests for worker in workers) >= 20


def test_every_worker_has_answered_once_the_server_is_warm(running: House) -> None:
    with running.release(5, processes=6) as instance:
        probe = Probe(running.app.socket(instance), "/", running.server.speaks(running.build.settings), 15.0, "")
        running.do(Warm(probe, running.server.name, running.app.stats(instance), 6, 15.0, ""))
        assert all(worker.requests for worker in running.workers(instance))


def test_a_request_that_waits_while_the_server_is_killed_is_answered_by_the_next(running: House) -> None:
    if running.server.service(running.build).binds:
        pytest.skip("it binds by itself, so that nobody holds its socket meanwhile")
    with running.release(5, processes=1) as instance:
        busy = Asked(lambda: running.ask(instance, "/sleep/30.0"))
        wait()
        waiting = Asked(lambda: running.ask(instance))
        wait()
        os.kill(running.master(instance), signal.SIGKILL)
        begun = time.monotonic()
        waiting.join()
        busy.join()
    assert waiting.response is not None, waiting.error
    assert time.monotonic() - begun < 5
    assert busy.error is not None


def test_a_request_that_takes_too_long_is_ended_and_others_are_answered(running: House) -> None:
    with running.release(6, request_timeout=1.0, processes=1) as instance:
        begun = time.monotonic()
        with suppress(ConnectionError):  # it is closed, or Apache answers in its place
            assert running.ask(instance, "/sleep/25.0", 20.0).status >= 500
        assert time.monotonic() - begun < 8
        assert running.ask(instance).status == 200


def test_what_the_app_starts_can_not_read_the_socket(running: House) -> None:
    with running.release(7) as instance:
        assert running.ask(instance, "/child").body == b"nothing to read"


def test_what_the_app_forks_lives_its_own_life(running: House) -> None:
    with running.release(18) as instance:
        assert running.ask(instance, "/fork").body == b"7"


def test_threads_of_the_app_s_own_live_between_requests(running: House) -> None:
    with running.release(8, processes=1) as instance:
        first = int(running.ask(instance, "/beats").body)
        wait()
        assert int(running.ask(instance, "/beats").body) - first > 5


def test_a_large_request_within_the_front_s_limits_is_answered(running: House) -> None:
    with running.release(9) as instance:
        assert running.ask(instance, "/?" + "x" * 8000).status == 200


def test_a_path_is_unquoted_once(running: House) -> None:
    with running.release(17) as instance:
        assert running.ask(instance, "/path/l%C3%A4den/%2520/%252e%252e/a%3Fb").body.decode() == "läden/%20/%2e%2e/a?b"


def test_only_the_account_that_serves_can_connect(running: House) -> None:
    with running.release(13) as instance:
        assert running.app.socket(instance).stat().st_mode & 0o007 == 0
        assert running.app.own(instance).stat().st_mode & 0o077 == 0


def test_it_stops_soon_when_some_of_its_workers_are_still_booting(running: House) -> None:
    run_py = f"import os, time; os.getpid() % 2 and time.sleep(4)\n{RUN}"
    instance = running.start(15, run_py, processes=4)
    running.probe(instance)
    begun = time.monotonic()
    running.stop(instance)
    assert time.monotonic() - begun < 4


def test_it_is_gone_for_good_when_it_has_been_stopped(running: House) -> None:
    with running.release(14) as instance:
        pass
    running.do(Gone(running.layout.supervisor_socket, instance.name, 1.0, "be gone"))
    wait(1.2)
    running.do(Gone(running.layout.supervisor_socket, instance.name, 1.0, "be gone"))
