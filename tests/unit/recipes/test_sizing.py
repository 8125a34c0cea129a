from dataclasses import replace

from tests.unit.recipes.parts import MACHINE
from uncork.config import Config
from uncork.recipes.sizing import MEGABYTE, size
from uncork.servers import SERVERS


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
