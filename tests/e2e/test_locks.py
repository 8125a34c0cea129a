"""Two deploys of one app at once: one wins, the other says so at once."""

import time
from pathlib import Path

from tests.e2e.state import Uncork, copied, rewrite


def test_of_two_deploys_at_once_one_wins_and_the_other_says_so_at_once(shared: Uncork, project: Path) -> None:
    rewrite(project / "app.py", "app = Flask(__name__)", "time.sleep(2)\napp = Flask(__name__)")
    first = shared.begin("up", str(project))
    time.sleep(1.5)
    second = shared.run("up", str(project)).ended(4)
    assert first.poll() is None
    said = [shared.run(*verb).ended(4).said for verb in (("rollback",), ("restart",), ("stop",), ("destroy", "--yes"))]
    assert first.wait(60) == 0
    first.communicate()
    assert str(first.pid) in second.said
    assert all(str(first.pid) in text for text in said)


def test_two_deploys_started_in_the_same_moment_never_both_win_and_never_both_lose(
    shared: Uncork, project: Path
) -> None:
    before = shared.release()
    both = [shared.begin("up", str(project)) for _ in range(2)]
    codes = sorted(deploy.wait(60) for deploy in both)
    for deploy in both:
        deploy.communicate()
    assert codes == [0, 4]
    assert shared.release() == before + 1


def test_a_refusal_by_lock_is_an_object_too(shared: Uncork, project: Path) -> None:
    rewrite(project / "app.py", "app = Flask(__name__)", "time.sleep(1.5)\napp = Flask(__name__)")
    first = shared.begin("up", str(project))
    time.sleep(1)
    told = shared.run("up", str(project), "--json").ended(4).json()
    first.communicate()
    assert told["schema"] == 1
    assert str(first.pid) in str(told["error"])


def test_reading_waits_for_no_lock(shared: Uncork, project: Path) -> None:
    rewrite(project / "app.py", "app = Flask(__name__)", "time.sleep(1.5)\napp = Flask(__name__)")
    first = shared.begin("up", str(project))
    time.sleep(0.8)
    for verb in ("status", "releases", "logs", "version"):
        shared.run(verb).ok()
    shared.run("plan", str(project)).ok()
    assert first.wait(60) == 0
    first.communicate()


def test_deploys_of_two_apps_at_once_both_succeed(shared: Uncork, project: Path) -> None:
    other = copied("hello", shared.root / "other")
    rewrite(other / "pyproject.toml", '"hello"', '"other"')
    both = [shared.begin("up", str(p)) for p in (project, other)]
    said = [deploy.communicate() for deploy in both]
    assert [deploy.returncode for deploy in both] == [0, 0], said
    assert shared.get(host="other.localhost").status == 200
    assert shared.get(host="hello.localhost").status == 200


def test_a_dead_holder_s_lock_is_no_lock(shared: Uncork, project: Path) -> None:
    rewrite(project / "app.py", "app = Flask(__name__)", "time.sleep(2)\napp = Flask(__name__)")
    first = shared.begin("up", str(project))
    time.sleep(1.5)
    first.kill()
    first.communicate()
    rewrite(project / "app.py", "time.sleep(2)", "time.sleep(0)")
    shared.up(project).ok()
