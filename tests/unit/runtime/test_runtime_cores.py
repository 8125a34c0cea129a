"""Which cores a process may run on: each case in a process of its own, since it is about just that."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import uncork_runtime

SOURCE = Path(uncork_runtime.__file__).parents[1]
BEGIN = """
import os, threading
from uncork_runtime import cores
all_ = os.sched_getaffinity(0)
few = all_ - {sorted(all_)[sum(os.uname().nodename.encode()) % len(all_)]}
"""

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2,
    reason="there is but one core, or no way to choose",
)


def run(code: str, *path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (SOURCE, *path)))}
    subprocess.run([sys.executable, "-c", BEGIN + code], check=True, env=env)


def test_all_but_one_core_are_used_until_all_are_taken_again() -> None:
    run("""
cores.leave_one()
cores.leave_one()
assert os.sched_getaffinity(0) == few
cores.take_all()
assert os.sched_getaffinity(0) == all_
""")


def test_threads_that_were_started_meanwhile_get_all_as_well() -> None:
    run("""
seen, go = [], threading.Event()
def look():
    seen.append(os.sched_getaffinity(0))
    go.wait()
    seen.append(os.sched_getaffinity(0))
with cores.one_left():
    thread = threading.Thread(target=look)
    thread.start()
    while not seen:
        pass
go.set()
thread.join()
assert seen == [few, all_], seen
""")


def test_the_server_that_a_worker_was_forked_from_gets_all_with_it() -> None:
    run("""
cores.leave_one()
if not os.fork():
    cores.take_all()
    os._exit(0)
os.wait()
assert os.sched_getaffinity(0) == all_
""")


def test_who_chose_cores_by_itself_keeps_them() -> None:
    run("""
cores.leave_one()
os.sched_setaffinity(0, all_ - few)
cores.take_all()
assert os.sched_getaffinity(0) == all_ - few
""")


def test_a_single_core_is_not_left() -> None:
    run("""
os.sched_setaffinity(0, {max(all_)})
cores.leave_one()
assert os.sched_getaffinity(0) == {max(all_)}
cores.take_all()
assert os.sched_getaffinity(0) == {max(all_)}
""")


def test_an_app_whose_libraries_count_the_cores_as_they_are_imported_has_them_all(tmp_path: Path) -> None:
    (tmp_path / "numpy.py").write_text("raise ImportError('only to be found')")
    code = "cores.leave_one()\ncores.leave_one_to_import()\nassert os.sched_getaffinity(0) == {}\n"
    run(code.format("all_"), tmp_path)
    run(code.format("few"))
