"""The Flask extension: where uncork serves the app, and where nothing of uncork does."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Blueprint, Flask, current_app

from uncork_runtime import health, logs
from uncork_runtime.flask import Uncork
from uncork_runtime.settings import Settings


@pytest.fixture(autouse=True)
def untouched(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Logging, and what decides how it is set up, as in a new process."""
    for name in ("UNCORK_ENV", "UNCORK_LOG_FILE", "UNCORK_RELEASE", "FLASK_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    root = logging.getLogger()
    level, handlers = root.level, [*root.handlers]
    monkeypatch.setattr(logs._Installed, "settings", None)
    monkeypatch.setattr(logs._Installed, "handlers", ())
    yield
    for handler in logs._Installed.handlers:
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.getLogger("shop").handlers.clear()
    health._checks.clear()


def shop(folder: Path) -> Flask:
    app = Flask("shop", instance_path=str(folder / "instance"))
    goods = Blueprint("goods", __name__)

    @goods.get("/buy/<name>")
    def buy(name: str) -> str:
        current_app.extensions["uncork"].set_user(7)
        current_app.logger.info("sold %s", name)
        logging.getLogger("library").info("packed %s", name)
        return name

    app.register_blueprint(goods)
    return app


def logged(folder: Path, name: str = "instance/app.log") -> list[str]:
    return (folder / name).read_text().splitlines()


@pytest.mark.parametrize("times", [1, 2])
def test_alone_an_app_logs_to_its_instance_folder_each_record_once_with_its_request(tmp_path: Path, times: int) -> None:
    app = shop(tmp_path)
    for _ in range(times):
        Uncork(app, "production")
    reply = app.test_client().get("/buy/tea")
    sold, packed = logged(tmp_path)
    told = f"[id={reply.headers['X-Request-ID']} GET /buy/tea route=/buy/<name> client=127.0.0.1 user=7 production]"
    assert sold.endswith(f" INFO shop: sold tea {told}")
    assert packed.endswith(f" INFO library: packed tea {told}")
    assert "X-Uncork-Route" not in reply.headers


def test_the_factory_pattern_has_one_extension_for_many_apps(tmp_path: Path) -> None:
    uncork = Uncork()
    apps = [shop(tmp_path / name) for name in ("one", "two")]
    for app in apps:
        uncork.init_app(app, environment="testing")
    assert [app.extensions["uncork"] for app in apps] == [uncork, uncork]


@pytest.mark.parametrize(
    ("set_up", "environment"),
    [
        ({}, "production"),
        ({"debug": True}, "development"),
        ({"testing": True}, "testing"),
        ({"debug": True, "named": "staging"}, "staging"),
    ],
)
def test_the_environment_is_the_one_that_is_named_or_what_the_app_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, set_up: dict[str, object], environment: str
) -> None:
    if "named" in set_up:
        monkeypatch.setenv("UNCORK_ENV", str(set_up["named"]))
    app = shop(tmp_path)
    app.debug, app.testing = bool(set_up.get("debug")), bool(set_up.get("testing"))
    Uncork(app)
    found = logs.installed()
    assert found is not None
    assert (found.environment, found.to) == (environment, "console" if environment == "development" else "file")


def test_the_log_file_can_be_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNCORK_LOG_FILE", str(tmp_path / "elsewhere.log"))
    app = shop(tmp_path)
    Uncork(app)
    app.test_client().get("/buy/tea")
    assert len(logged(tmp_path, "elsewhere.log")) == 2


def test_where_uncork_serves_the_app_its_logging_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNCORK_RELEASE", "12")
    logs.install(Settings("shop", "production", 12, "file", str(tmp_path / "app.log")))
    app = shop(tmp_path)
    before = app.wsgi_app
    uncork = Uncork(app, environment="development")
    app.test_client().get("/buy/tea")
    assert app.extensions["uncork"] is uncork
    assert app.wsgi_app == before
    assert [line.split()[1:3] for line in logged(tmp_path, "app.log")] == [["INFO", "shop:"], ["INFO", "library:"]]
    assert not (tmp_path / "instance").exists()


def test_alone_the_public_may_know_which_check_fails_but_not_why(tmp_path: Path) -> None:
    app = shop(tmp_path)
    uncork = Uncork(app)

    @uncork.check("database")
    def database() -> None:
        raise ConnectionError(f"{current_app.name} has no database")

    client = app.test_client()
    ready = client.get("/_uncork/ready")
    assert (ready.status_code, ready.text) == (503, "database\n")
    assert client.get("/_uncork/live").status_code == 200
    (line,) = logged(tmp_path)
    assert "WARNING uncork: not ready: database: ConnectionError: shop has no database" in line
