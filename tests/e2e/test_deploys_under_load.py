"""Twenty deploys while visitors come: none of them notices."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.e2e.state import Uncork, rewrite


def test_twenty_deploys_under_load_lose_no_request_and_leave_no_old_answer(
    shared: Uncork, project: Path, figures: Callable[[str], None]
) -> None:
    returned: dict[int, float] = {}
    text = "one"
    with shared.load(200) as load, ThreadPoolExecutor() as pool:
        for number in range(2, 22):
            slow = pool.submit(shared.get, "/slow?s=3") if number == 10 else None
            time.sleep(0.3 if slow else 0)
            text, old = f"deploy-{number}", text
            rewrite(project / "app.py", f'"{old}"', f'"{text}"')
            done = shared.up(project, "--json").ok()
            returned[number] = time.monotonic()
            assert done.json()["release"] == number
            assert f"text {text} " in shared.get().text
            assert not slow or slow.result().text.startswith("release 9 ")
    figures(f"20 deploys under 200 requests/s: {load.result}")
    assert not load.result.failures
    assert set(load.result.releases) == set(range(1, 22))
    for number, moment in returned.items():
        assert not load.result.stale(number, after=moment)
    _only_what_is_kept_is_left(shared)


def _only_what_is_kept_is_left(uncork: Uncork) -> None:
    app = uncork.home / "apps" / "hello"
    assert len(list((app / "releases").iterdir())) == 5
    assert len(list((app / "venvs").iterdir())) == 1
    assert not [argv for argv in uncork.processes().values() if "/releases/" in argv and "/releases/21/" not in argv]
