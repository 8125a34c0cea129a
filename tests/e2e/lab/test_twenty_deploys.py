"""Deploy after deploy to a machine that is visited all the while."""

import time
from collections.abc import Callable
from typing import Final

from tests.e2e.lab.client import Client
from tests.e2e.lab.machines import Machine
from tests.e2e.lab.site import site

DEPLOYS: Final = 20


def test_twenty_deploys_under_load_lose_no_request_and_leave_no_old_answer(
    ready: Machine, client: Client, figures: Callable[[str], None]
) -> None:
    with site(client, ready) as served:
        ended: dict[int, float] = {}
        began = time.monotonic()
        with served.load(200) as load:
            for number in range(2, DEPLOYS + 2):
                served.change(f"number {number}")
                served.deploy().ok()
                ended[number] = time.monotonic()
            time.sleep(1)
        took = (ended[DEPLOYS + 1] - began) / DEPLOYS
        figures(f"{DEPLOYS} deploys to a machine, {took:.2f} s each: {load.result}")
        assert not load.result.failures
        assert set(load.result.releases) == set(range(1, DEPLOYS + 2))
        for number, moment in ended.items():
            assert not load.result.stale(number, after=moment)
        assert len([unit for unit in served.units() if "@" in unit]) == 1
