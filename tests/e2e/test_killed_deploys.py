"""The deploying command, killed with -9 at every step of its plan: visitors don't notice, and the next one succeeds."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.e2e.state import Done, Uncork, copied, rewrite, state
from tests.load.client import GET

KILLED_UP = Path(__file__).with_name("killed_up.py")


def killed_up(uncork: Uncork, at: str, project: Path) -> Done:
    """`up`, killed before that step."""
    argv = (sys.executable, str(KILLED_UP), at, *uncork.command("up", str(project), "--port", str(uncork.port))[3:])
    env = {**uncork.environment(), "KILLED_UP_STEPS": str(uncork.root / "steps")}
    ended = subprocess.run(argv, capture_output=True, text=True, check=False, env=env, cwd=uncork.root, timeout=60)
    return Done(argv, ended.returncode, ended.stdout, ended.stderr, 0.0)


def steps_of(uncork: Uncork, project: Path) -> list[str]:
    """The steps of a whole deploy."""
    killed_up(uncork, "count", project).ok()
    return (uncork.root / "steps").read_text().splitlines()


def leftovers(uncork: Uncork, release: int) -> list[str]:
    """What belongs neither to that release, nor to the front, nor to the supervisor."""
    folders = [p.name for p in (uncork.home / "run" / "hello").iterdir() if p.is_dir() and not p.is_symlink()]
    programs = [p.name for p in (uncork.home / "supervisor" / "programs").iterdir()]
    unfinished = [
        p.name for p in (uncork.home / "apps" / "hello" / "releases").iterdir() if not (p / "release.json").exists()
    ]
    running = [a for a in uncork.processes().values() if "/releases/" in a and f"/releases/{release}/" not in a]
    return [
        *(f for f in folders if not f.startswith(f"{release}.")),
        *(p for p in programs if p.startswith("hello.") and not p.startswith(f"hello.{release}.")),
        *unfinished,
        *running,
    ]


def test_a_deploy_killed_at_any_step_leaves_visitors_alone_and_the_next_one_succeeds(
    uncork: Uncork, hello: Path, figures: Callable[[str], None]
) -> None:
    uncork.up(hello).ok()
    steps = steps_of(uncork, hello)
    troubles: list[str] = []
    with uncork.load(40, (GET, GET, GET)) as load:
        for number, step in enumerate(steps):
            text = f"step-{number}"
            rewrite(hello / "app.py", (hello / "app.py").read_text().split('TEXT = "')[1].split('"')[0], text)
            start = time.monotonic()
            killed = killed_up(uncork, str(number), hello)
            middle = time.monotonic()
            if killed.code != -9:
                troubles.append(f"not killed before {step}: {killed.code} {killed.said}")
            after = uncork.up(hello)
            if after.code or f"text {text} " not in uncork.get().text:
                troubles.append(f"`up` after a kill before {step}: {after.said}")
            troubles += [f"left by a kill before {step}: {left}" for left in leftovers(uncork, uncork.release())]
            figures(
                f"killed before step {number:2} after {middle - start:.1f} s, `up` again {after.seconds:.1f} s: {step}"
            )
    assert not troubles, "\n".join(troubles)
    assert not load.result.failures, load.result


def test_a_first_deploy_killed_at_any_step_is_finished_by_the_next_one() -> None:
    with state() as first:
        hello = copied("hello", first.root / "hello")
        steps = steps_of(first, hello)
    # Two of three are left out, for time: what a first deploy has more of is the start of the supervisor and the front.
    for number in range(len(steps) - 1, 0, -3):
        with state() as uncork:
            hello = copied("hello", uncork.root / "hello")
            assert killed_up(uncork, str(number), hello).code == -9
            uncork.up(hello).ok()
            assert uncork.get().status == 200, steps[number]
            assert not leftovers(uncork, uncork.release()), steps[number]


def test_a_deploy_killed_from_outside_holds_no_lock(uncork: Uncork, hello: Path) -> None:
    uncork.up(hello).ok()
    for delay in (0.2, 0.5, 0.8):
        deploy = uncork.begin("up", str(hello))
        time.sleep(delay)
        deploy.kill()
        deploy.communicate()
    uncork.up(hello).ok()
    assert not leftovers(uncork, uncork.release())
