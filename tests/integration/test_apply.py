"""The steps that wait and ask, carried out against a real supervisord and real servers."""

import socket as network
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.supervised import Supervised, layout_in, place, supervised
from tests.unit.apply.collected import Collected
from uncork.apply import apply, carry_out
from uncork.errors import StepFailedError
from uncork.machine import processes, sockets, supervisord
from uncork.model import Instance
from uncork.plan import Answer, Call, Directory, Drain, End, File, Gone, Link, Plan, Probe, Remove, Step, Watched
from uncork.serving import Protocol

KINDS = ("good", "slow", "failing", "broken", "deaf")
NUMBER = {kind: number for number, kind in enumerate(KINDS, 1)}


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervised]:
    layout = layout_in(tmp_path_factory.mktemp("s"))
    with supervised(layout) as state:
        yield state


@pytest.fixture
def started(state: Supervised, request: pytest.FixtureRequest) -> Iterator[Probe]:
    """A probe of an instance that has just been started, whose server is of the kind that the test names."""
    kind: str = request.param
    instance = Instance("shop", NUMBER[kind])
    place(state.layout, instance, kind)
    supervisord.call(state.socket, "supervisor.reloadConfig")
    supervisord.call(state.socket, "supervisor.addProcessGroup", (instance.name,))
    paths = state.layout.app("shop")
    yield Probe(
        socket=paths.socket(instance),
        path="/ready",
        speaks=Protocol.HTTP,
        deadline=10.0,
        why="boot it",
        watched=Watched(instance.name, state.socket),
        log=paths.server_log,
    )
    do(Call(state.socket, "supervisor.stopProcessGroup", (instance.name, False)))
    do(Gone(state.socket, instance.name, 10.0, "stop it"))
    do(Call(state.socket, "supervisor.removeProcessGroup", (instance.name,)))
    do(Remove(state.layout.programs / f"{instance.name}.conf"))
    do(Remove(paths.instance(instance)))


def do(step: Step) -> None:
    carry_out(step, None, Collected())


def failure(step: Step) -> StepFailedError:
    with pytest.raises(StepFailedError) as raised:
        do(step)
    return raised.value


def seconds_of(step: Step) -> float:
    began = time.monotonic()
    do(step)
    return time.monotonic() - began


@pytest.mark.parametrize("started", ["good", "slow"], indirect=True)
def test_a_server_that_answers_below_500_is_up_however_slowly_it_boots(started: Probe) -> None:
    assert seconds_of(started) < 4


@pytest.mark.parametrize("started", ["broken"], indirect=True)
def test_a_server_that_ends_at_boot_is_given_up_early_with_what_it_wrote(started: Probe) -> None:
    began = time.monotonic()
    failed = failure(started)
    assert time.monotonic() - began < 5
    assert (failed.why, failed.reason) == ("boot it", "/ready: its server ended before it answered")
    assert "Traceback: the factory raised" in failed.output


@pytest.mark.parametrize("started", ["broken"], indirect=True)
def test_what_a_start_script_says_of_this_instance_is_shown(started: Probe, tmp_path: Path) -> None:
    early = tmp_path / "starts.log"
    text = "/programs/{}.sh: 20: cannot create server.log: Permission denied\n"
    writes = threading.Timer(0.1, early.write_text, (text.format("blog.1.1") + 2 * text.format(named(started)),))
    writes.start()
    failed = failure(Probe(**{**vars(started), "log": None, "early_log": early}))
    writes.join()
    assert failed.output == text.format(named(started)).rstrip()


@pytest.mark.parametrize("started", ["failing"], indirect=True)
def test_a_server_with_a_bug_is_given_up_before_its_deadline(started: Probe) -> None:
    failed = failure(Probe(**{**vars(started), "watched": None}))
    assert failed.reason == "/ready: the answer was 500, 4 times"
    assert "asked" in failed.output


@pytest.mark.parametrize("started", ["failing"], indirect=True)
def test_what_each_question_brought_up_again_is_shown_once(started: Probe, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    record = "10:00:0{} ERROR app: Exception [id=uncork-check GET /]\n    Traceback\n    ValueError: {}\n"

    text = "".join(record.format(at, error) for at, error in enumerate("aab"))
    # It is asked four times, with pauses: long enough for what an app would write meanwhile.
    writes = threading.Timer(0.1, log.write_text, (text,))
    writes.start()
    failed = failure(Probe(**{**vars(started), "watched": None, "log": None, "app_log": log}))
    writes.join()
    assert failed.output.count("Traceback") == 2
    assert failed.output.endswith("ValueError: b")


@pytest.mark.parametrize("started", ["failing"], indirect=True)
def test_without_a_log_the_answer_itself_explains(started: Probe) -> None:
    failed = failure(Probe(**{**vars(started), "deadline": 1.5, "log": None}))
    assert failed.output == "sorry"


@pytest.mark.parametrize("started", ["deaf"], indirect=True)
def test_a_server_that_hangs_is_asked_once_and_given_up_at_the_deadline(started: Probe) -> None:
    failed = failure(Probe(**{**vars(started), "deadline": 1.0}))
    assert failed.reason == "/ready: no answer within 1 s"


def named(probe: Probe) -> str:
    """What the supervisor calls the program that is asked."""
    assert probe.watched
    return probe.watched.name


@pytest.mark.parametrize("started", ["good"], indirect=True)
def test_programs_are_told_by_their_server(started: Probe, state: Supervised) -> None:
    do(started)
    program = next(p for p in supervisord.programs(state.socket) or () if p.name == named(started))
    each = {p.name: p for p in supervisord.processes(state.socket) or ()}
    assert program.running
    assert program.pid == each[f"{program.name}:{program.name}_0"].pid != 0
    assert abs(program.started - time.time()) < 60


def test_supervisord_itself_is_gone_when_it_has_ended_all_it_ran(tmp_path: Path) -> None:
    layout = layout_in(tmp_path)
    place(layout, Instance("shop", 1), "good")
    with supervised(layout) as state:
        gone = Gone(state.socket, "", 0.2, "stop supervisord")
        assert failure(gone).reason == "supervisord still runs after 0.2 s"
        pid = state.pid
        do(Call(state.socket, "supervisor.shutdown"))
        do(Gone(state.socket, "", 10.0, "stop supervisord"))
        assert processes.ended_within((pid,), 1.0)


def test_a_fault_that_means_it_is_so_already_is_fine_and_another_is_not(state: Supervised) -> None:
    do(Call(state.socket, "supervisor.stopProcess", ("nobody",), unless=("BAD_NAME",)))
    failed = failure(Call(state.socket, "supervisor.stopProcess", ("nobody",), "stop it", unless=("NOT_RUNNING",)))
    assert str(failed) == "stop it: supervisord says BAD_NAME: nobody"


def test_a_supervisor_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    failed = failure(Call(tmp_path / "none.sock", "supervisor.getState"))
    assert failed.reason.startswith(f"supervisord does not answer at {tmp_path}/none.sock")
    assert seconds_of(Gone(tmp_path / "none.sock", "shop.1.1", 5.0, "stop it")) < 0.5
    assert supervisord.programs(tmp_path / "none.sock") is None


@pytest.mark.parametrize("started", ["good"], indirect=True)
def test_a_program_that_runs_on_is_not_gone(started: Probe, state: Supervised) -> None:
    do(started)
    failed = failure(Gone(state.socket, named(started), 0.3, "stop it"))
    assert failed.reason == f"{named(started)} still runs after 0.3 s"


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[network.socket]:
    with network.socket(network.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "app.sock"))
        listener.listen(8)
        yield listener


def test_a_drain_takes_its_least_and_ends_when_the_last_is_answered(listener: network.socket, tmp_path: Path) -> None:
    drain = Drain(tmp_path / "app.sock", 0.1, 5.0, "drain")
    assert 0.1 <= seconds_of(drain) < 0.3
    client = sockets.connected(tmp_path / "app.sock", 1.0)
    accepted = listener.accept()[0]
    timer = threading.Timer(0.4, accepted.close)
    timer.start()
    assert 0.4 <= seconds_of(drain) < 0.8
    client.close()


def test_a_drain_notes_what_it_gives_up(listener: network.socket, tmp_path: Path) -> None:
    report = Collected()
    with sockets.connected(tmp_path / "app.sock", 1.0):
        carry_out(Drain(tmp_path / "app.sock", 0.0, 0.2, "drain"), None, report)
    assert report.notes == ["connections still open after 0.2 s, and given up: 1"]
    assert listener.fileno() >= 0


def test_a_front_that_never_answers_is_named() -> None:
    with network.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        failed = failure(Answer("127.0.0.1", port, 0.2, "wait for the front"))
    assert failed.reason == f"nobody answered at 127.0.0.1:{port} within 0.2 s"


def test_leftovers_are_ended_and_those_that_are_gone_are_fine() -> None:
    with subprocess.Popen(("sleep", "60"), start_new_session=True) as child:
        do(End((child.pid, 2**22 - 1), 5.0, "end them"))
        assert not processes.alive(child.pid)


def test_a_plan_that_fails_half_way_leaves_files_and_links_as_they_were(tmp_path: Path) -> None:
    link = tmp_path / "current.sock"
    do(Link(link, "1.1/app.sock"))
    plan = Plan(
        prepare=(Directory(tmp_path / "2.1"), File(tmp_path / "2.1" / "conf", "new")),
        switch=(Link(link, "2.1/app.sock", "switch"), Call(tmp_path / "none.sock", "x", why="start the front")),
        revert=(Link(link, "1.1/app.sock"), Remove(tmp_path / "2.1")),
    )
    with pytest.raises(StepFailedError, match="start the front"):
        apply(plan, None, Collected())
    assert [path.name for path in tmp_path.iterdir()] == ["current.sock"]
    assert str(link.readlink()) == "1.1/app.sock"


def test_the_names_of_faults_are_supervisor_s_own() -> None:
    from supervisor.xmlrpc import Faults

    theirs = {value: name for name, value in vars(Faults).items() if isinstance(value, int)}
    assert theirs == supervisord.FAULTS
