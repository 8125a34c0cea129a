from dataclasses import replace

from tests.unit.recipes.parts import MACHINE, release
from uncork.config import Config
from uncork.model import Release
from uncork.recipes.sizing import MEGABYTE, scaled, size
from uncork.servers import SERVERS
from uncork.serving import PROCESSES


def test_two_processes_a_core_where_memory_allows() -> None:
    assert size(Config("shop"), MACHINE, SERVERS["uwsgi"]).processes == 4


def test_a_small_machine_gets_fewer_processes_but_never_one() -> None:
    small = replace(MACHINE, cpus=8, memory_bytes=512 * MEGABYTE)
    assert size(Config("shop"), small, SERVERS["uwsgi"]).processes == 2


def test_what_the_config_says_is_taken() -> None:
    chosen = size(Config("shop", processes=1, threads=8, worker_memory=64 * MEGABYTE), MACHINE, SERVERS["uwsgi"])
    assert (chosen.processes, chosen.threads, chosen.worker_memory) == (1, 8, 64 * MEGABYTE)


def test_a_server_of_one_process_gets_threads_and_no_more_processes() -> None:
    chosen = size(Config("shop"), MACHINE, SERVERS["waitress"])
    assert (chosen.processes, chosen.threads) == (1, 4)


def built(server: str = "uwsgi") -> Release:
    said = release()
    return replace(said, server=server, service=replace(said.service, env=(("A", "1"), (PROCESSES, "2"))))


def test_a_release_is_scaled_by_its_environment_alone() -> None:
    found = scaled(built(), 7)
    assert (found.processes, dict(found.service.env)) == (7, {"A": "1", PROCESSES: "7"})
    assert replace(found, processes=2, service=built().service) == built()


def test_a_release_that_nobody_has_scaled_is_as_it_was_built() -> None:
    assert scaled(built(), None) == built()


def test_a_release_with_its_number_in_its_config_can_not_be_scaled() -> None:
    assert scaled(release(), 7) == release()
    assert scaled(built("waitress"), 7).processes == 2
