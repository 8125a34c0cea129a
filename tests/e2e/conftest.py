"""State directories: one a test, or one a module where a deploy is worth sharing. All tests here start real servers."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.stacks import DEFAULT, Stack
from tests.e2e.state import Uncork, copied, state


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def uncork() -> Iterator[Uncork]:
    with state() as uncork:
        yield uncork


@pytest.fixture
def hello(uncork: Uncork) -> Path:
    return copied("hello", uncork.root / "hello")


@pytest.fixture(scope="module")
def stack(request: pytest.FixtureRequest) -> Stack:
    """What serves the module's state directory; a module that is about all of them asks for each in turn."""
    wanted: Stack = getattr(request, "param", DEFAULT)
    wanted.needed()
    return wanted


@pytest.fixture(scope="module")
def shared(stack: Stack) -> Iterator[Uncork]:
    """A state directory for the whole module, with `hello` deployed as release 1."""
    with state() as uncork, stack.beside(uncork):
        uncork.up(stack.project(uncork.root / "hello")).ok()
        yield uncork


@pytest.fixture
def project(shared: Uncork, stack: Stack) -> Path:
    """The project of the module's state directory, as it was at first."""
    shutil.rmtree(shared.root / "hello")
    return stack.project(shared.root / "hello")
