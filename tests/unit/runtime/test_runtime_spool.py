"""What is left of an error for the agent, and what never is."""

import json
import logging
import logging.handlers
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from uncork_runtime import redaction, spool
from uncork_runtime.exchange import known
from uncork_runtime.settings import Settings

CANARY = "canary-6b7e1f"
Told = dict[str, object]

SHOP = """
def buy(goods, password="{canary}"):
    return price(goods)


def price(goods):
    basket = {{"goods": goods, "api_key": "{canary}"}}
    try:
        return 1 / goods
    except ZeroDivisionError as error:
        raise LookupError("no price for 'token={canary}'") from error
"""


class Left:
    """A logger whose errors are left in a spool, and what is in it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "spool"
        self.dropped = folder / "dropped"
        self.logger = logging.getLogger("shop.views")
        self.handler = self.limited(2**20)

    def limited(self, size: int) -> spool.SpoolHandler:
        settings = Settings("shop", "production", 12, spool=str(self.path), spool_size=size, dropped=str(self.dropped))
        return spool.SpoolHandler(settings, str(self.path.parent / "source"))

    def records(self) -> list[Told]:
        return [json.loads(line) for line in self.path.read_text().splitlines()] if self.path.exists() else []

    def last(self) -> Told:
        return self.records()[-1]


@pytest.fixture
def left(tmp_path: Path) -> Iterator[Left]:
    found = Left(tmp_path)
    found.logger.addHandler(found.handler)
    found.logger.propagate = False
    yield found
    for handler in [*found.logger.handlers]:
        found.logger.removeHandler(handler)
    found.logger.propagate = True
    redaction.learn(())


@pytest.fixture
def buy(tmp_path: Path) -> Callable[[object], None]:
    """A function of the project's own that fails."""
    path = tmp_path / "source" / "shop" / "goods.py"
    path.parent.mkdir(parents=True)
    path.write_text(SHOP.format(canary=CANARY))
    names: dict[str, Callable[[object], None]] = {}
    exec(compile(path.read_text(), str(path), "exec"), names)
    return names["buy"]


def fail(logger: logging.Logger, buy: Callable[[object], None], goods: object = 0) -> None:
    try:
        buy(goods)
    except LookupError:
        logger.exception("no sale of %s", goods)


def unsupported(logger: logging.Logger, buy: Callable[[object], None], goods: object) -> None:
    try:
        buy(goods)
    except TypeError:
        logger.exception("unsupported %s", goods)


def test_an_error_is_left_with_all_that_is_needed_to_mend_it(left: Left, buy: Callable[[object], None]) -> None:
    def app(_environ: object, _start: object) -> list[bytes]:
        fail(left.logger, buy)
        return []

    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/buy", "REMOTE_ADDR": "203.0.113.9", "HTTP_X_REQUEST_ID": "8f3a8f3a",
        "HTTP_COOKIE": f"session={CANARY}", "HTTP_AUTHORIZATION": f"Basic {CANARY}", "HTTP_USER_AGENT": "curl/8",
    }  # fmt: skip
    known(app)(environ, lambda *_: None)
    (record,) = left.records()
    assert (record["v"], record["kind"], record["app"], record["release"]) == (1, "error", "shop", 12)
    assert (record["level"], record["logger"], record["message"]) == ("ERROR", "shop.views", "no sale of 0")
    assert (record["type"], record["place"]) == ("LookupError", "shop/goods.py:11 in price")
    assert record["request"] == {
        "id": "8f3a8f3a", "method": "POST", "path": "/buy", "route": "", "client": "203.0.113.9", "user": "",
        "headers": {
            "X-Request-Id": "8f3a8f3a", "Cookie": "[redacted]", "Authorization": "[redacted]", "User-Agent": "curl/8",
        },
    }  # fmt: skip
    cause, error = record["chain"]
    assert (cause["type"], cause["message"]) == ("ZeroDivisionError", "division by zero")
    assert (error["type"], error["frames"][-1]["function"]) == ("LookupError", "price")
    here, outer, inner = error["frames"]
    assert (here["own"], here["locals"]) == (False, {})
    assert (outer["code"], outer["locals"]) == ("return price(goods)", {"goods": "0", "password": "'[redacted]'"})
    assert inner["locals"]["basket"] == "{'goods': 0, 'api_key': '[redacted]'}"
    assert CANARY not in left.path.read_text()


def test_the_same_again_is_a_mere_count_until_a_minute_has_passed(
    left: Left, buy: Callable[[object], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(spool.time, "monotonic", lambda: now[0])
    for seconds in (0, 1, 58.9, 60.0):
        now[0] = 100.0 + seconds
        fail(left.logger, buy)
    first, second, *_ = left.records()
    assert [record["kind"] for record in left.records()] == ["error", "again", "again", "error"]
    assert second.keys() == {"v", "kind", "fp", "time", "release", "id", "sent_by_app", "dropped"}
    assert second["fp"] == first["fp"]


def test_errors_are_told_apart_by_type_and_function_and_not_by_line_or_text(
    left: Left, tmp_path: Path, buy: Callable[[object], None]
) -> None:
    fail(left.logger, buy)
    moved = (tmp_path / "source" / "shop" / "goods.py", {})
    exec(compile("\n\n" + SHOP.format(canary="other"), str(moved[0]), "exec"), moved[1])
    fail(left.logger, moved[1]["buy"], 0)
    for text in ("a", "b"):
        unsupported(left.logger, moved[1]["buy"], text)
    assert [record["kind"] for record in left.records()] == ["error", "again", "error", "again"]


def test_an_error_without_an_exception_is_known_by_its_text_and_its_call(left: Left) -> None:
    for number in (1, 2):
        left.logger.error("no answer from bank %d", number)
    left.logger.error("no answer from shop %d", 3)
    first, *others = left.records()
    assert (first["type"], first["chain"], first["request"]) == ("", [], None)
    assert first["message"] == "no answer from bank 1"
    assert str(first["place"]).endswith("in test_an_error_without_an_exception_is_known_by_its_text_and_its_call")
    assert [record["kind"] for record in others] == ["again", "error"]


def test_what_is_no_error_is_not_left(left: Left) -> None:
    left.logger.warning("hm")
    assert left.records() == []


def test_a_full_spool_takes_no_more_and_says_how_many(left: Left) -> None:
    left.logger.removeHandler(left.handler)
    left.logger.addHandler(left.limited(10))
    for _ in range(4):
        left.logger.error("no answer")
    assert [record["kind"] for record in left.records()] == ["error"]
    assert left.dropped.stat().st_size == 3


def test_a_full_disk_is_no_exception_and_the_next_record_says_how_many_it_cost(
    left: Left, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int, _data: bytes) -> int:
        raise OSError(28, "No space left on device")

    for _ in range(2):
        with monkeypatch.context() as patched:
            patched.setattr(os, "write", full)
            for _ in range(3):
                left.logger.error("no answer")
        left.logger.error("no answer")
    left.logger.error("no answer")
    told = [("error", 3), ("again", 3), ("again", 0)]
    assert [(record["kind"], record["dropped"]) for record in left.records()] == told


def test_an_app_s_own_objects_can_break_nothing(left: Left, tmp_path: Path) -> None:
    class Evil:
        def __repr__(self) -> str:
            left.logger.error("asked for its repr")
            raise ValueError(CANARY)

        __str__ = __repr__

    class EvilError(Exception):
        def __str__(self) -> str:
            raise ValueError(CANARY)

    names: dict[str, Callable[..., None]] = {}
    path = tmp_path / "source" / "shop.py"
    exec(compile("def fail(evil, error):\n    raise error", str(path), "exec"), names)
    try:
        names["fail"](Evil(), EvilError())
    except EvilError:
        left.logger.exception("evil")
    (record,) = left.records()
    (only,) = record["chain"]
    assert only["message"] == "its message can't be shown: ValueError"
    assert only["frames"][-1]["locals"]["evil"] == "<Evil: its repr raised ValueError>"


def test_large_and_circular_values_are_cut(left: Left, tmp_path: Path) -> None:
    circle: list[object] = []
    circle.append(circle)
    names: dict[str, Callable[..., None]] = {}
    exec(compile("def fail(a, b, c):\n    raise KeyError(a[:9])", str(tmp_path / "source" / "shop.py"), "exec"), names)
    try:
        names["fail"]("x" * 10**7, list(range(10**6)), circle)
    except KeyError:
        left.logger.exception("large")
    held = left.last()["chain"][0]["frames"][-1]["locals"]
    assert [len(one) <= 200 for one in held.values()] == [True, True, True]
    assert held["b"].startswith("[0, 1, 2")
    assert left.path.stat().st_size < 5000


def test_a_value_of_config_set_is_in_no_part_of_it(left: Left, buy: Callable[[object], None]) -> None:
    redaction.learn(["swordfish-99"])
    try:
        buy(["swordfish-99"])
    except TypeError as error:
        error.args = ("it was swordfish-99",)
        left.logger.exception("swordfish-99 %s", "swordfish-99")
    assert left.records()
    assert "swordfish" not in left.path.read_text()


def test_errors_that_the_app_mails_itself_are_marked(left: Left) -> None:
    mailer = logging.handlers.SMTPHandler("127.0.0.1", "a@b", ["c@d"], "error")
    mailer.setLevel(logging.CRITICAL)
    mailer.emit = lambda _: None
    left.logger.addHandler(mailer)
    left.logger.error("one")
    left.logger.critical("two")
    mailer.addFilter(lambda _: False)
    left.logger.critical("three")
    assert [record["sent_by_app"] for record in left.records()] == [False, True, False]


def test_records_of_many_threads_are_lines_of_their_own(left: Left, buy: Callable[[object], None]) -> None:
    threads = [threading.Thread(target=fail, args=(left.logger, buy)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(str(record["kind"]) for record in left.records()) == ["again"] * 19 + ["error"]
