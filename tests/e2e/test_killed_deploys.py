"""The deploying command, killed with -9 at every step of its plan: visitors don't notice, and the next one succeeds."""

import re
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from tests.e2e.state import Done, Uncork, copied, state
from tests.load.client import GET

KILLED_UP: Final = Path(__file__).with_name("killed_up.py")
HANDS: Final = 3


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
    figures: Callable[[str], None],
) -> None:
    with ThreadPoolExecutor(HANDS) as hands:
        for lines, troubles in hands.map(_some_kills, range(HANDS)):
            for line in lines:
                figures(line)
            assert not troubles, "\n".join(troubles)


def _some_kills(hand: int) -> tuple[list[str], list[str]]:
    """Every so many-th step is one hand's, on a state directory of its own: most of a deploy is waiting."""
    with state() as uncork:
        hello = copied("hello", uncork.root / "hello")
        uncork.up(hello).ok()
        steps = list(enumerate(steps_of(uncork, hello)))[hand::HANDS]
        with uncork.load(20, (GET,)) as load:
            told = [_kill(uncork, hello, number, step) for number, step in steps]
        seen = list(dict.fromkeys(trouble for _, troubles in told for trouble in troubles))
        lost = [f"lost: {load.result}"] if load.result.failures else []
        return [line for line, _ in told], seen + lost


def _kill(uncork: Uncork, hello: Path, number: int, step: str) -> tuple[str, list[str]]:
    """What was measured, and what was wrong, when `up` was killed before that step and run again."""
    text = f"step-{number}"
    (hello / "app.py").write_text(re.sub('TEXT = ".*"', f'TEXT = "{text}"', (hello / "app.py").read_text()))
    troubles = []
    killed = killed_up(uncork, str(number), hello)
    if killed.code != -9:
        troubles.append(f"not killed before {step}: {killed.code} {killed.said}")
    after = uncork.up(hello)
    if after.code or f"text {text} " not in uncork.get().text:
        troubles.append(f"`up` after a kill before {step}: {after.said}")
    troubles += [
        f"left by a kill before step {number}, {step}, or an earlier one: {left}"
        for left in leftovers(uncork, uncork.release())
    ]
    return f"killed before step {number:2}, {step}: `up` again took {after.seconds:.1f} s", troubles


def test_a_first_deploy_killed_at_any_step_is_finished_by_the_next_one() -> None:
    with state() as first:
        hello = copied("hello", first.root / "hello")
        steps, later = steps_of(first, hello), set(steps_of(first, hello))
    # Before each step that a later one has no more: those of the supervisor, the environment and the front.
    own = {n for n, step in enumerate(steps) if step not in later and str(first.home) not in step}
    assert len(own) > 5
    numbers = sorted(own | {min(len(steps) - 1, max(own) + 1)})
    with ThreadPoolExecutor(HANDS) as hands:
        troubles = list(hands.map(_kill_first, [(n, steps[n]) for n in numbers]))
    assert not any(troubles), "\n".join(filter(None, troubles))


def _kill_first(numbered: tuple[int, str]) -> str:
    number, step = numbered
    with state() as uncork:
        hello = copied("hello", uncork.root / "hello")
        killed = killed_up(uncork, str(number), hello)
        after = uncork.up(hello)
        left = leftovers(uncork, uncork.release()) if not after.code else []
        well = killed.code == -9 and not after.code and uncork.get().status == 200 and not left
        return "" if well else f"killed ({killed.code}) before step {number}, {step}: {after.said} {left}"


def test_a_deploy_killed_from_outside_holds_no_lock(uncork: Uncork, hello: Path) -> None:
    uncork.up(hello).ok()
    for delay in (0.2, 0.5, 0.8):
        deploy = uncork.begin("up", str(hello))
        time.sleep(delay)
        deploy.kill()
        deploy.communicate()
    uncork.up(hello).ok()
    assert not leftovers(uncork, uncork.release())
