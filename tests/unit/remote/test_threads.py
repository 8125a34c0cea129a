"""What is read by a thread for each machine."""

from importlib import import_module

import pytest

from uncork.recipes.setup.record import Machine
from uncork.workflows.offer import Offer
from uncork.workflows.take_over import Deployed


@pytest.mark.parametrize(
    ("kind", "reader"),
    [(Machine, "uncork.recipes.setup.record"), (Deployed, "uncork.remote.deploy"), (Offer, "uncork.remote.wheels")],
)
def test_msgspec_knows_what_threads_read_before_they_begin_else_it_crashes(kind: type, reader: str) -> None:
    import_module(reader)
    assert "__msgspec_cache__" in vars(kind)
