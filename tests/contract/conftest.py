"""What the contract tests run on: an environment for each server, and a state directory with a real supervisord."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.contract.house import House, house
from uncork.errors import UsageError
from uncork.machine import apache, commands, processes, tools
from uncork.plan import Run
from uncork.servers import SERVERS
from uncork.servers.server import Server
from uncork.serving import ServerSettings


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.slow)


@contextmanager
def within_reach() -> Iterator[Path]:
    """A folder that the account which serves can get to, and whose path is short enough for sockets."""
    folder = Path(tempfile.mkdtemp(prefix="unc-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def environments() -> Iterator[Path]:
    with within_reach() as folder:
        yield folder


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    with within_reach() as folder:
        yield folder


def interpreter() -> str:
    """A Python that the account which serves can get to: this one, or the system's."""
    account = processes.account()
    python = sys.executable
    return python if account is None or processes.reachable(python, account) else "/usr/bin/python3"


@pytest.fixture(scope="session", params=sorted(SERVERS))
def server(request: pytest.FixtureRequest) -> Server:
    found = SERVERS[str(request.param)]
    if found.needs_apache:
        try:
            apache.with_wsgi()
        except UsageError as missing:
            pytest.skip(f"{missing.problem}: {missing.fix}")
    return found


@pytest.fixture(scope="session")
def venv(server: Server, environments: Path) -> Path:
    return environment(server, environments / server.name)


def environment(server: Server, path: Path, settings: ServerSettings = ServerSettings()) -> Path:  # noqa: B008 -- frozen
    """An environment with the server and Flask, made as a release's is, if it is not there yet."""
    if path.exists():
        return path
    uv = tools.uv()
    commands.run(
        Run((uv, "venv", "--quiet", "--no-project", "--python", interpreter(), str(path)), "make it", 120.0), None
    )
    install = (
        uv,
        "pip",
        "install",
        "--quiet",
        "--python",
        str(path / "bin" / "python"),
        "flask",
        *server.requires(settings),
    )
    commands.run(Run(install, "install", 300.0), None)
    return path


@pytest.fixture(scope="module")
def running(server: Server, venv: Path, place: Path) -> Iterator[House]:
    """A state directory whose supervisord runs; each test starts instances of its own in it."""
    with house(place / f"home-{server.name}", server, venv) as made:
        yield made


@pytest.fixture(scope="session")
def uwsgi_binary(environments: Path) -> str:
    return str(environment(SERVERS["uwsgi"], environments / "uwsgi") / "bin" / "uwsgi")
