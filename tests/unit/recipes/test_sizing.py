from dataclasses import replace

from tests.unit.recipes.parts import MACHINE
from uncork.config import Config
from uncork.recipes.sizing import MEGABYTE, size


def test_two_processes_a_core_where_memory_allows() -> None:
    assert size(Config("shop"), MACHINE).processes == 4


def test_a_small_machine_gets_fewer_processes_but_never_one() -> None:
    small = replace(MACHINE, cpus=8, memory_bytes=512 * MEGABYTE)
    assert size(Config("shop"), small).processes == 2


def test_what_the_config_says_is_taken() -> None:
    chosen = size(Config("shop", processes=1, threads=8, worker_memory=64 * MEGABYTE), MACHINE)
    assert (chosen.processes, chosen.threads, chosen.worker_memory) == (1, 8, 64 * MEGABYTE)
