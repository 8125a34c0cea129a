"""What is written for each server behind each front that it can stand behind."""

import pytest

from tests.conftest import Golden
from tests.unit.fronts.test_nginx import LAYOUT
from tests.unit.stacks.parts import FRONTS, SETTINGS, STACKS
from uncork.config.front import FRONTS as KINDS
from uncork.config.server import SERVERS as NAMES

# They are the same for all, and long.
TYPES = {"mime.types", "apache.types"}


@pytest.mark.parametrize("name", STACKS)
def test_the_files_are_as_an_expert_writes_them(golden: Golden, name: str) -> None:
    stack = STACKS[name]
    release = {f"release/{file.path.name}": file.content for file in stack.release()}
    checked = LAYOUT.front / "check"
    front = {
        f"front/{file.path.name}": file.content
        for file in stack.before(LAYOUT)
        if file.path.name not in TYPES and file.path.parent != checked
    }
    golden(name, {**release, **front})


def test_every_server_and_every_front_is_among_them() -> None:
    assert set(FRONTS) == set(KINDS)
    assert {settings.kind for settings in SETTINGS.values()} == set(NAMES)
    assert {stack.front.name for stack in STACKS.values()} == set(KINDS)
