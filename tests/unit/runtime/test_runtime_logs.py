"""How logging is set up: by environment, by a release's file, with what the app adds, and no record twice."""

import io
import json
import logging
import logging.config
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask
import pytest
from flask.logging import default_handler

from tests.unit.runtime.logged import fresh
from uncork_runtime import env, logs
from uncork_runtime.appender import Appender
from uncork_runtime.settings import Settings, for_environment, read


@pytest.fixture(autouse=True)
def _apart() -> Iterator[None]:
    with fresh():
        yield


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "app.log"


def told(log: Path, **more: Any) -> str:
    """The path of a release's logging.json."""
    path = log.parent.parent / "logging.json"
    settings: dict[str, Any] = {
        "app": "shop",
        "environment": "production",
        "release": 12,
        "to": "file",
        "file": str(log),
        "level": "INFO",
        "levels": {},
        "format": "%(levelname)s %(name)s: %(message)s",
        "dict_config": None,
        "spool": None,
        "spool_size": 1000,
        "dropped": str(log.with_name("dropped")),
        "mail_level": "ERROR",
    }
    path.write_text(json.dumps({**settings, **more}))
    return str(path)


def lines(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


def test_a_release_logs_as_its_file_says(log: Path) -> None:
    logs.configure(told(log, levels={"shop.noisy": "WARNING", "shop.quiet": "debug"}))
    for name in ("shop", "shop.noisy", "shop.quiet"):
        logging.getLogger(name).debug("debug")
        logging.getLogger(name).info("info")
    logging.getLogger("shop.noisy").warning("warning")
    assert lines(log) == [
        "INFO shop: info",
        "DEBUG shop.quiet: debug",
        "INFO shop.quiet: info",
        "WARNING shop.noisy: warning",
    ]


def test_set_up_twice_a_record_is_written_once(log: Path) -> None:
    app = flask.Flask("shop")
    for _ in range(2):
        logs.configure(told(log))
        logs.attach(app)
        app.logger.info("once")
    assert lines(log) == ["INFO shop: once"] * 2


def test_other_settings_take_the_place_of_the_first(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(told(log))
    logs.install(Settings(level="DEBUG", format="%(message)s"))
    logging.getLogger("shop").debug("there")
    assert lines(log) == []
    assert capsys.readouterr().err == "there\n"


@pytest.mark.parametrize("text", [None, "", '{"app": "sho', "[]", '{"unknown": 1}'])
def test_a_file_that_cannot_be_read_leaves_the_app_a_log_on_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: "str | None"
) -> None:
    path = tmp_path / "logging.json"
    if text is not None:
        path.write_text(text)
    logs.configure(str(path))
    logging.getLogger("shop").info("still there")
    first, second = capsys.readouterr().err.splitlines()
    assert "can't be read, so this is not in app.log" in first
    assert "still there" in second


def test_a_log_that_cannot_be_opened_is_no_exception(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "logs"
    folder.write_text("a file")
    logs.configure(told(folder / "app.log"))
    logging.getLogger("shop").error("nowhere")
    logging.getLogger("shop").error("nowhere")
    assert capfd.readouterr().err == f"uncork: records can't be written to {folder}/app.log: Not a directory\n"
    folder.unlink()
    logging.getLogger("shop").error("here")
    assert lines(folder / "app.log") == [
        "WARNING uncork: 2 records could not be written: Not a directory",
        "ERROR shop: here",
    ]


def test_what_could_not_be_written_is_told_at_the_end_too(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.write_text("a file")
    logs.configure(told(folder / "app.log"))
    logging.getLogger("shop").error("nowhere")
    folder.unlink()
    logging.shutdown()
    assert lines(folder / "app.log") == ["WARNING uncork: 1 record could not be written: Not a directory"]


def test_a_format_that_does_not_fit_a_record_loses_none(log: Path) -> None:
    logs.configure(told(log, format="%(order)s %(message)s"))
    logging.getLogger("shop").info("paid", extra={"order": 5})
    logging.getLogger("shop").info("password=%s", "abc")
    assert lines(log) == ["5 paid", "INFO shop: password=[redacted] (its format raises ValueError)"]


def test_values_of_config_set_are_in_no_log(log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE", "")
    (tmp_path / ".env").write_text('STRIPE="sk_live_1234"\n')
    env.load(str(tmp_path / ".env"))
    logs.configure(told(log))
    logging.getLogger("shop").info("charged by sk_live_1234")
    assert lines(log) == ["INFO shop: charged by [redacted]"]


def test_only_looked_at_an_app_writes_to_standard_error_alone(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logs.to_console()
    logs.configure(told(log, spool=str(log.with_name("spool"))))
    app = flask.Flask("shop")
    logging.getLogger("shop").addHandler(logging.FileHandler(str(log), delay=True))
    logs.attach(app)
    app.logger.error("looked at")
    assert not log.exists()
    assert not log.with_name("spool").exists()
    assert "looked at" in capsys.readouterr().err


def test_errors_reach_the_spool(log: Path) -> None:
    logs.configure(told(log, spool=str(log.with_name("spool"))))
    logging.getLogger("shop").warning("not this")
    logging.getLogger("shop").error("this")
    (left,) = lines(log.with_name("spool"))
    assert json.loads(left)["message"] == "this"


def test_flask_adds_no_handler_beside_ours(log: Path) -> None:
    logs.configure(told(log))
    app = flask.Flask("shop")
    app.logger.warning("one")
    assert app.logger.handlers == []
    assert lines(log) == ["WARNING shop: one"]


def test_the_handler_that_flask_added_before_is_taken_away_wherever_it_is(log: Path) -> None:
    logging.root.handlers.clear()  # pytest's own
    app = flask.Flask("shop")
    app.logger.warning("nobody has configured anything")
    logging.getLogger("library").addHandler(default_handler)
    assert default_handler in app.logger.handlers
    logs.configure(told(log))
    logs.attach(app)
    assert default_handler not in [*app.logger.handlers, *logging.getLogger("library").handlers]


def test_a_logger_that_passes_nothing_on_is_heard(log: Path) -> None:
    logs.configure(told(log))
    app = flask.Flask("shop")
    app.logger.propagate = False
    logs.attach(app)
    logs.attach(app)
    app.logger.warning("heard")
    assert lines(log) == ["WARNING shop: heard"]


def test_an_app_that_configures_logging_by_itself_keeps_its_handlers_and_we_ours(log: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.log"
    logs.configure(told(log))
    handler = {"class": "logging.FileHandler", "filename": str(own), "formatter": "short"}
    logging.config.dictConfig(
        {
            "version": 1,
            "formatters": {"short": {"format": "%(message)s by %(user)s"}},
            "handlers": {"own": handler},
            "root": {"level": "INFO", "handlers": ["own"]},
        }
    )
    app = flask.Flask("shop")
    logs.attach(app)
    app.logger.info("token=abc")
    assert lines(log) == ["INFO shop: token=[redacted]"]
    assert lines(own) == ["token=[redacted] by -"]


def test_basic_config_by_force_takes_nothing_away(log: Path) -> None:
    logs.configure(told(log))
    logging.basicConfig(force=True, handlers=[logging.NullHandler()])
    logs.attach(object())
    logging.getLogger("shop").warning("there")
    assert lines(log) == ["WARNING shop: there"]


def test_a_file_handler_on_our_very_file_gives_way(log: Path) -> None:
    logs.configure(told(log))
    log.parent.mkdir()
    app = flask.Flask("shop")
    app.logger.addHandler(logging.FileHandler(str(log)))
    logging.getLogger().addHandler(logging.FileHandler(str(log)))
    logs.attach(app)
    app.logger.info("once")
    assert lines(log) == ["INFO shop: once"]


def test_a_dict_config_is_all_there_is_and_its_file_is_written_as_ours(log: Path) -> None:
    log.parent.mkdir()
    chosen = {
        "formatters": {"short": {"format": "%(name)s %(release)s %(message)s"}},
        "handlers": {"file": {"class": "logging.FileHandler", "filename": str(log), "formatter": "short"}},
        "root": {"level": "INFO", "handlers": ["file"]},
    }
    app = flask.Flask("shop")
    for _ in range(2):
        logs.configure(told(log, dict_config=chosen))
        logs.attach(app)
    app.logger.info("one\npassword=abc")
    log.rename(log.with_name("app.log.1"))
    app.logger.info("two")
    assert lines(log.with_name("app.log.1")) == ["shop 12 one", "    password=[redacted]"]
    assert lines(log) == ["shop 12 two"]


def test_a_dict_config_that_is_none_is_refused(log: Path) -> None:
    with pytest.raises(ValueError, match="configure root logger"):
        logs.configure(told(log, dict_config={"root": {"handlers": ["nosuch"]}}))


class Standard(io.StringIO):
    """A standard stream, by its name."""

    name = ""


@pytest.mark.parametrize("stream", ["stderr", "stdout"])
def test_on_the_console_a_record_that_the_app_writes_there_is_not_written_again(
    monkeypatch: pytest.MonkeyPatch, stream: str
) -> None:
    for name in ("stderr", "stdout"):
        monkeypatch.setattr(sys, name, Standard())
        getattr(sys, name).name = f"<{name}>"
    logs.install(for_environment("development"))
    app = flask.Flask("shop")
    handler = logging.StreamHandler(getattr(sys, stream))
    handler.setLevel(logging.WARNING)
    app.logger.addHandler(handler)
    logs.attach(app)
    app.logger.debug("by us")
    app.logger.warning("by the app")
    logging.getLogger("library").warning("by us too")
    said = sys.stderr.getvalue() + sys.stdout.getvalue()
    assert [said.count(text) for text in ("by us [", "by the app", "by us too")] == [1, 1, 1]


def test_the_console_follows_standard_error_and_survives_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    logs.install(for_environment("development"))
    other = io.StringIO()
    monkeypatch.setattr(sys, "stderr", other)
    logging.getLogger("shop").debug("there")
    other_said = other.getvalue()
    other.close()
    logging.getLogger("shop").debug("nowhere")
    monkeypatch.setattr(sys, "stderr", None)
    logging.getLogger("shop").debug("nowhere")
    assert "DEBUG shop: there [development]" in other_said


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_the_console_is_coloured_for_a_person(
    monkeypatch: pytest.MonkeyPatch, no_color: str, *, coloured: bool
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", no_color)
    logs.install(for_environment("development"))
    logging.getLogger("shop").error("there")
    assert ("\x1b[31mERROR" in terminal.getvalue()) is coloured


def test_each_environment_has_its_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = str(tmp_path / "logs" / "app.log")
    found = {name: for_environment(name) for name in ("development", "testing", "production", "staging")}
    assert {name: (one.to, one.level, one.spool) for name, one in found.items()} == {
        "development": ("console", "DEBUG", None),
        "testing": ("file", "INFO", None),
        "production": ("file", "INFO", None),
        "staging": ("file", "INFO", None),
    }
    assert {one.file for one in found.values()} == {file}
    assert for_environment("testing", level="DEBUG", file="x").level == "DEBUG"


def test_what_is_no_setting_is_refused(log: Path) -> None:
    log.parent.mkdir()
    with pytest.raises(TypeError):
        for_environment("testing", nosuch=1)
    with pytest.raises(ValueError, match="holds no settings"):
        read(told(log, nosuch=1))


def test_nothing_is_opened_before_it_is_needed(log: Path) -> None:
    logs.configure(told(log))
    assert not log.parent.exists()
    assert any(isinstance(handler, Appender) for handler in logging.getLogger().handlers)
