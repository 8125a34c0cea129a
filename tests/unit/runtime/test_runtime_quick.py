"""The short cut that plain records take: the same lines, and no handler, filter or hook of the app's is passed by."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.runtime.logged import asked, fresh
from uncork_runtime import logs, quick
from uncork_runtime.settings import for_environment


class Heard(logging.Handler):
    """Keeps what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture(autouse=True)
def log(tmp_path: Path) -> Iterator[Path]:
    with fresh():
        logs.install(for_environment("production", file=str(tmp_path / "app.log"), release=12, level="DEBUG"))
        yield tmp_path / "app.log"


@contextmanager
def alone() -> Iterator[None]:
    """No handlers but ours: pytest has its own while a test runs."""
    others = [one for one in logging.root.handlers if one not in logs._Installed.handlers]
    for one in others:
        logging.root.removeHandler(one)
    try:
        yield
    finally:
        for one in others:
            logging.root.addHandler(one)


@pytest.fixture
def unmade(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process in which no record can be made."""

    def make(*_: object) -> None:
        raise AssertionError("a record was made")

    monkeypatch.setattr(quick.QuickLogger, "makeRecord", make)


SAID = (
    ("plain",),
    ("password=%s", "hunter2"),
    ("%d%% of %s", 5, "all"),
    ("two\nlines\x1b[2J",),
    ("does not fit %d", "x"),
    (ValueError("an object"),),
    ("%s and %s", {"token": "abc"}, ["a list"]),
)


@pytest.mark.usefixtures("unmade")
@alone()
def test_a_plain_record_takes_the_short_cut() -> None:
    logging.getLogger("shop").info("plain %s", "text")
    with pytest.raises(AssertionError, match="a record was made"):
        logging.getLogger("shop").info("with more", extra={"a": 1})


@pytest.mark.parametrize("verb", ["debug", "info"])
@pytest.mark.parametrize("said", SAID)
@alone()
def test_both_ways_write_the_same(log: Path, said: "tuple[object, ...]", verb: str) -> None:
    say = getattr(logging.getLogger("shop.views"), verb)
    with asked():
        say(*said)
        say(*said, extra={"the": "long way"})
    text = log.read_text()
    short, long = text[: len(text) // 2], text[len(text) // 2 :]
    assert short.partition(" ")[2] == long.partition(" ")[2]
    assert "[id=8f3a8f3a8f3a POST /buy client=203.0.113.9 user=7 release=12 production]\n" in short
    assert "hunter2" not in text


TEMPLATES = st.text() | st.sampled_from(("%s", "%s of %r", "a=%s", "token: %s", "'%s' %d", "%(a)s", "100 %"))
ARGUMENTS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dictionaries(st.text(), st.text())


@alone()
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(TEMPLATES, st.lists(ARGUMENTS, max_size=3), st.text(), st.text())
def test_both_ways_write_the_same_whatever_is_said_and_asked(
    log: Path, template: str, args: list[object], path: str, user: str
) -> None:
    before = len(log.read_bytes()) if log.exists() else 0
    logger = logging.getLogger("shop")
    with asked(PATH_INFO=path.encode("utf-8", "replace").decode("latin-1"), REMOTE_USER=user):
        logger.info(template, *args)
        logger.info(template, *args, extra={"the": "long way"})
    text = log.read_bytes()[before:]
    short, long = text[: len(text) // 2], text[len(text) // 2 :]
    assert short.partition(b" ")[2] == long.partition(b" ")[2]


@alone()
@pytest.mark.parametrize("name", ["", "shop", "shop.views"])
def test_a_handler_of_the_app_is_told_wherever_it_is(log: Path, name: str) -> None:
    heard = Heard()
    logger = logging.getLogger("shop.views")
    logger.info("before")
    logging.getLogger(name).addHandler(heard)
    logger.info("%s", "after")
    logging.getLogger(name).removeHandler(heard)
    assert [one.getMessage() for one in heard.records] == ["after"]
    assert len(log.read_text().splitlines()) == 2


@alone()
def test_a_filter_of_the_app_is_asked(log: Path) -> None:
    logger = logging.getLogger("shop")
    logger.addFilter(lambda record: record.getMessage() != "secret")
    logger.info("secret")
    logger.info("public")
    assert [line.split(" ")[3] for line in log.read_text().splitlines()] == ["public"]


@alone()
@pytest.mark.parametrize("hook", ["callHandlers", "handle", "makeRecord"])
def test_who_hooks_into_the_standard_library_learns_of_each_record(
    monkeypatch: pytest.MonkeyPatch, log: Path, hook: str
) -> None:
    """As Sentry, New Relic and Datadog do."""
    seen: list[str] = []
    before = getattr(logging.Logger, hook)

    def hooked(self: logging.Logger, *args: object) -> object:
        seen.append(self.name)
        return before(self, *args)

    monkeypatch.setattr(logging.Logger, hook, hooked)
    logging.getLogger("shop").info("x")
    assert seen == ["shop"]
    assert len(log.read_text().splitlines()) == 1


@alone()
def test_a_logger_that_passes_nothing_on_keeps_it_to_itself(log: Path) -> None:
    logging.getLogger("shop").propagate = False
    logging.getLogger("shop.views").info("kept")
    assert not log.exists()


@alone()
def test_the_place_of_a_record_is_the_app_s_own(log: Path) -> None:
    heard = Heard()
    logging.root.addHandler(heard)
    logger = logging.getLogger("shop")

    def inner() -> None:
        logger.info("here")
        logger.info("there", stacklevel=2)
        logger.info("with its stack", stack_info=True)

    inner()
    logging.root.removeHandler(heard)
    assert {one.filename for one in heard.records} == {Path(__file__).name}
    assert [one.funcName for one in heard.records[::2]] == ["inner", "inner"]
    assert len(log.read_text().splitlines()) > 3


@alone()
def test_what_is_below_the_level_is_not_written(log: Path) -> None:
    logger = logging.getLogger("shop")
    logger.setLevel("WARNING")
    logger.info("quiet")
    logger.warning("loud")
    logger.setLevel("NOTSET")
    assert [line.split(" ")[3] for line in log.read_text().splitlines()] == ["loud"]


@alone()
def test_a_session_that_cannot_be_read_costs_no_exception(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def known(_: object) -> None:
        raise LookupError

    with asked() as context:
        monkeypatch.setattr(type(context), "known", known)
        logging.getLogger("shop").info("still there")
    assert log.read_text() == "INFO shop: still there\n"


def test_a_class_of_loggers_of_the_app_s_own_is_left_to_it() -> None:
    class Own(logging.Logger):
        pass

    logging.setLoggerClass(Own)
    logs.install(for_environment("production", file="app.log", level="INFO"))
    assert logging.getLoggerClass() is Own


@alone()
def test_on_the_console_all_go_the_long_way(capsys: pytest.CaptureFixture[str], log: Path) -> None:
    logs.install(for_environment("development"))
    logging.getLogger("shop").info("there")
    assert "there" in capsys.readouterr().err
    assert not log.exists()
