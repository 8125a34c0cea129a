"""uWSGI's ways beside the usual one, really started: HTTP on its socket, greenlets, processes that come and go."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.contract.conftest import environment
from tests.contract.house import RUN, Asked, House, house
from tests.e2e.state import eventually
from uncork.machine import sockets
from uncork.machine.processes import alive
from uncork.machine.writers import reopen_server
from uncork.model import Instance
from uncork.plan import Probe, Warm
from uncork.servers import SERVERS
from uncork.serving import Protocol, ServerSettings

UWSGI = SERVERS["uwsgi"]
GREENLETS = ServerSettings(gevent=20)
IDLE = ServerSettings(idle=1.0)
HTTP = ServerSettings(protocol="http-socket")
AT_ONCE = 8
MEET = f"""
{RUN}
from gevent import monkey
there = []


@app.get("/meet")
def meet():
    there.append(1)
    for _ in range(500):
        if len(there) >= {AT_ONCE}:
            return "all"
        time.sleep(0.01)
    return "alone"


@app.get("/patched")
def patched():
    return str(monkey.is_module_patched("socket") and monkey.is_module_patched("threading"))
"""


@pytest.fixture(scope="module")
def running(place: Path) -> Iterator[House]:
    venv = environment(UWSGI, place / "venv-uwsgi-gevent", GREENLETS)
    with house(place / "home-ways", UWSGI, venv) as made:
        yield made


def way(running: House, settings: ServerSettings) -> House:
    """The same state directory, whose releases are built like that."""
    return replace(running, build=replace(running.build, settings=settings))


def stats(running: House, instance: Instance) -> str:
    return sockets.read_stats(running.app.stats(instance))


def is_idle(running: House, instance: Instance) -> bool:
    return UWSGI.is_idle(stats(running, instance))


def test_by_http_socket_it_speaks_http_on_the_socket_that_it_is_passed_and_stops_gracefully(running: House) -> None:
    http = way(running, HTTP)
    with http.release(1) as instance:
        answer = sockets.ask(http.app.socket(instance), "/", Protocol.HTTP, "localhost", 10.0)
        asked = Asked(lambda: http.ask(instance, "/sleep/1.0"))
        eventually(lambda: any(worker.state == "busy" for worker in http.workers(instance)))
    asked.join()
    assert answer.status == 200
    assert asked.response is not None, asked.error
    assert asked.response.body == b"slept"


def test_greenlets_answer_many_requests_at_once_in_one_process_that_was_patched_first(running: House) -> None:
    greenlets = way(running, GREENLETS)
    with greenlets.release(2, run_py=MEET, processes=1) as instance:
        asked = [Asked(lambda: greenlets.ask(instance, "/meet")) for _ in range(AT_ONCE)]
        for one in asked:
            one.join()
        patched = greenlets.ask(instance, "/patched").body
    assert [one.response and one.response.body for one in asked] == [b"all"] * AT_ONCE
    assert patched == b"True"


def test_greenlets_in_flight_are_answered_when_it_is_stopped_and_the_app_says_goodbye(running: House) -> None:
    greenlets = way(running, GREENLETS)
    goodbyes = running.app.server_log.read_text().count("the app says goodbye")
    before = running.pids()
    with greenlets.release(3, processes=1) as instance:
        asked = [Asked(lambda: greenlets.ask(instance, "/sleep/1.0")) for _ in range(3)]
        eventually(lambda: any(worker.state != "idle" for worker in greenlets.workers(instance)))
    for one in asked:
        one.join()
    assert [one.response and one.response.body for one in asked] == [b"slept"] * 3
    assert running.app.server_log.read_text().count("the app says goodbye") == goodbyes + 1
    assert running.pids() == before


def test_with_cheaper_it_begins_with_all_processes_and_keeps_those_that_are_needed(running: House) -> None:
    cheaper = way(running, ServerSettings(cheaper=1))
    with cheaper.release(4, processes=3) as instance:
        assert len(cheaper.workers(instance)) == 3
        probe = Probe(running.app.socket(instance), "/", Protocol.UWSGI, 15.0, "")
        running.do(Warm(probe, UWSGI.name, running.app.stats(instance), 3, 15.0, ""))
        eventually(lambda: len(cheaper.workers(instance)) == 1, within=30)
        assert cheaper.ask(instance).status == 200


def test_an_idle_one_has_no_processes_until_it_is_asked(running: House) -> None:
    idle = way(running, IDLE)
    instance = idle.start(5, processes=4)
    eventually(lambda: is_idle(idle, instance))
    assert idle.ask(instance).status == 200
    assert len(idle.workers(instance)) == 2
    idle.stop(instance)


def test_an_idle_one_opens_its_log_again_and_ends_at_once(running: House) -> None:
    idle = way(running, IDLE)
    before = running.pids()
    instance = idle.start(6)
    eventually(lambda: is_idle(idle, instance))
    log = running.app.server_log
    old = log.rename(log.with_name("server.log-20261122-120000"))
    reopen_server(running.app.server_pid(instance), UWSGI.service(idle.build).reopen_signal)
    eventually(log.exists)
    idle.stop(instance)
    assert running.pids() == before
    old.unlink()


def test_who_comes_while_it_goes_idle_is_answered_and_so_is_who_comes_then(running: House) -> None:
    idle = way(running, IDLE)
    asked: list[Asked] = []
    with idle.release(7) as instance:
        pids = [worker.pid for worker in idle.workers(instance)]
        # From the moment that the first process is sent away until the last one is gone.
        eventually(lambda: not all(map(alive, pids)), within=30)
        while any(map(alive, pids)):
            asked.append(Asked(lambda: idle.ask(instance, "/sleep/0.1")))
            asked[-1].join(0.05)
        assert idle.ask(instance).status == 200
        for one in asked:
            one.join()
    assert {one.response.body if one.response else one.error for one in asked} == {b"slept"}
