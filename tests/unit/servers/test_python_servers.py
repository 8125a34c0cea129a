"""What the servers of Python are started with: read the golden files as a person would the config."""

from pathlib import Path

import pytest

from tests.conftest import Golden
from uncork.errors import UsageError
from uncork.servers import SERVERS
from uncork.servers.server import Build
from uncork.serving import ServerSettings

BUILD = Build(
    app="shop",
    release=12,
    directory=Path("/state/apps/shop/releases/12"),
    venv=Path("/state/apps/shop/venvs/0123456789abcdef"),
    log=Path("/state/apps/shop/logs/server.log"),
    processes=4,
    threads=1,
    worker_memory=512 * 1024 * 1024,
    request_timeout=30.0,
    drain=20.0,
    backlog=4096,
    frameworks=("flask", "sqlalchemy"),
)
CASES = {
    "gunicorn": ("gunicorn", {}, {}),
    "gunicorn_threads": ("gunicorn", {"threads": 4}, {}),
    "gunicorn_gevent": ("gunicorn", {}, {"gevent": 100}),
    "granian": ("granian", {"threads": 2}, {}),
    "waitress": ("waitress", {"processes": 1, "threads": 8}, {}),
}


@pytest.mark.parametrize("case", CASES)
def test_its_config_says_what_it_is_and_why(case: str, golden: Golden) -> None:
    kind, build, settings = CASES[case]
    changed = Build(**{**vars(BUILD), **build, "settings": ServerSettings(kind, **settings)})  # type: ignore[arg-type]
    files = SERVERS[kind].files(changed)
    golden(f"python_servers/{case}", {f"{file.path.name}.txt": file.content for file in files})
    for file in files:
        compile(file.content, file.path.name, "exec")


@pytest.mark.parametrize("kind", ["gunicorn", "granian", "waitress"])
def test_a_path_with_anything_in_it_is_said_as_python_says_it(kind: str) -> None:
    odd = Path('/state/it\'s "odd"\\{{ 1 }}')
    build = Build(**{**vars(BUILD), "directory": odd, "log": odd / "x.log", "settings": ServerSettings(kind)})  # type: ignore[arg-type]
    for file in SERVERS[kind].files(build):
        compile(file.content, file.path.name, "exec")
        assert repr(str(odd)) in file.content


def test_waitress_is_one_process_and_gunicorn_has_threads_or_greenlets() -> None:
    with pytest.raises(UsageError, match="processes = 4"):
        SERVERS["waitress"].check(ServerSettings("waitress"), 4, None)
    with pytest.raises(UsageError, match="threads"):
        SERVERS["gunicorn"].check(ServerSettings("gunicorn", gevent=10), None, 4)
