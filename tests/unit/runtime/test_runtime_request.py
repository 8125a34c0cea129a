"""The request at hand: what is known of it, and when nothing is."""

import contextvars
import io
import logging
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from logging.config import dictConfig
from types import ModuleType

import pytest
from flask import Flask, Response, g

from uncork_runtime import request
from uncork_runtime.exchange import known

Start = Callable[..., object]
App = Callable[[dict[str, object], Start], Iterable[bytes]]
ENVIRON: dict[str, object] = {
    "REQUEST_METHOD": "POST",
    "SCRIPT_NAME": "/shop",
    "PATH_INFO": "/lädle".encode().decode("latin-1"),
    "REMOTE_ADDR": "203.0.113.9",
    "HTTP_X_REQUEST_ID": "8f3a8f3a8f3a",
}


class Asked:
    """A response as a server takes it: the head, the parts, and then it is closed."""

    def __init__(self, app: App, **more: object) -> None:
        self.environ = {**ENVIRON, **more}
        self.headers: list[tuple[str, str]] = []
        self.result = app(self.environ, self._start)
        self.body = b"".join(self.result)
        getattr(self.result, "close", lambda: None)()

    def _start(self, status: str, headers: list[tuple[str, str]], _exc_info: object = None) -> None:
        self.status, self.headers = status, headers

    def header(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]


def plain(see: Callable[[], object]) -> App:
    def app(_environ: dict[str, object], start: Start) -> Iterable[bytes]:
        start("200 OK", [])
        return [str(see()).encode()]

    return app


def seen() -> tuple[str, ...]:
    now = request.current()
    return (now.id, now.method, now.path, now.route, now.client, now.user) if now else ()


def test_a_request_is_known_while_it_is_answered() -> None:
    found: list[tuple[str, ...]] = []
    Asked(known(plain(lambda: found.append(seen()))))
    assert found == [("8f3a8f3a8f3a", "POST", "/shop/lädle", "", "203.0.113.9", "")]
    assert seen() == ()


def test_nothing_is_known_between_requests_in_threads_and_of_one_that_has_ended() -> None:
    found: list[tuple[str, ...]] = []
    copies: list[contextvars.Context] = []

    def see() -> None:
        thread = threading.Thread(target=lambda: found.append(seen()))
        thread.start()
        thread.join()
        copies.append(contextvars.copy_context())

    asked = Asked(known(plain(see)))
    asked.environ["HTTP_X_REQUEST_ID"] = "the-next-one-s"  # uWSGI uses one environ again and again
    found.append(copies[0].run(seen))
    assert found == [(), ()]


def test_a_streamed_response_has_its_request_until_it_is_closed() -> None:
    found = []

    def app(_environ: dict[str, object], start: Start) -> Iterator[bytes]:
        start("200 OK", [])
        try:
            yield b"one"
            found.append(seen())
        finally:
            found.append(seen())

    assert Asked(known(app)).body == b"one"
    assert [one[0] for one in found] == 2 * ["8f3a8f3a8f3a"]
    assert seen() == ()


def test_a_response_that_is_given_up_is_closed_once() -> None:
    closed = []

    class Parts(list[bytes]):
        def close(self) -> None:
            closed.append(seen()[0])

    class App:
        def __call__(self, _environ: dict[str, object], _start: Start) -> Iterable[bytes]:
            parts = Parts([b"one", b"two"])
            return type("Streamed", (), {"__iter__": lambda _: iter(parts), "close": lambda _: parts.close()})()

    result = known(App())(dict(ENVIRON), lambda *_: None)
    iterator = iter(result)
    assert next(iterator) == b"one"
    del iterator
    result.close()
    assert closed == ["8f3a8f3a8f3a"]


def test_a_file_reaches_the_server_as_it_is() -> None:
    file = io.BytesIO(b"content")
    result = known(lambda *_: file)(dict(ENVIRON), lambda *_: None)
    assert result is file
    assert seen() == ()


def test_without_a_front_a_request_gets_an_id_which_the_response_says() -> None:
    asked = Asked(known(plain(lambda: seen()[0])), HTTP_X_REQUEST_ID="")
    assert len(asked.body) == 32
    environ = {key: value for key, value in ENVIRON.items() if key != "HTTP_X_REQUEST_ID"}
    heads: list[list[tuple[str, str]]] = []
    (body,) = known(plain(lambda: seen()[0]))(environ, lambda _, headers: heads.append(headers))
    assert heads == [[("X-Request-ID", body.decode())]]


@pytest.mark.parametrize("given", ["short", "x" * 129, "with a space", "evil\nline12"])
def test_an_id_that_no_front_lets_through_is_not_taken(given: str) -> None:
    assert len(Asked(known(plain(lambda: seen()[0])), HTTP_X_REQUEST_ID=given).body) == 32


def test_the_server_s_login_is_the_user_unless_the_app_sets_one() -> None:
    def see() -> str:
        before = seen()[-1]
        request.set_user(7)
        middle = seen()[-1]
        request.set_user(None)
        return f"{before} {middle} {seen()[-1]!r}"

    assert Asked(known(plain(see)), REMOTE_USER="ada").body == b"ada 7 ''"
    request.set_user("nobody asks")


def test_the_front_is_told_of_the_release_and_the_route() -> None:
    app = Flask("shop")
    app.add_url_rule("/läden/<name>", "buy", lambda name: name)
    environ = {"SERVER_NAME": "shop", "SERVER_PORT": "80", "wsgi.url_scheme": "http", "REQUEST_METHOD": "GET"}
    found = Asked(known(app, 12), **environ, PATH_INFO="/läden/1".encode().decode("latin-1"))
    assert found.body == b"1"
    assert found.header("X-Uncork-Route") == ["12 /läden/<name>".encode().decode("latin-1")]
    assert Asked(known(plain(str), 12)).header("X-Uncork-Route") == ["12"]
    assert Asked(known(plain(str))).header("X-Uncork-Route") == []


@pytest.mark.parametrize("kind", ["text/event-stream", "text/event-stream; charset=utf-8"])
def test_the_front_is_told_to_pass_events_on_at_once(kind: str) -> None:
    said = known(lambda _environ, start: start("200 OK", [("Content-Type", kind)]) or [b"data: 1\n\n"])
    assert Asked(said).header("X-Accel-Buffering") == ["no"]
    assert not Asked(known(plain(str))).header("X-Accel-Buffering")


def test_headers_that_an_app_uses_again_do_not_grow() -> None:
    headers: list[tuple[str, str]] = []

    def app(_environ: dict[str, object], start: Start) -> Iterable[bytes]:
        start("200 OK", headers)
        return []

    Asked(known(app, 12))
    assert headers == []


def test_flask_login_s_user_is_known_once_it_was_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "flask_login", ModuleType("flask_login"))
    app = Flask("shop")
    app.secret_key = "x"
    found = []

    @app.get("/")
    def index() -> Response:
        before = seen()[-1]
        g._login_user = object()
        found.extend([before, seen()[-1]])
        return app.response_class("ok")

    with app.test_client() as client:
        app.wsgi_app = known(app.wsgi_app)
        with client.session_transaction() as stored:
            stored["_user_id"] = "7"
        client.get("/")
    assert found == ["", "7"]


class Kept(logging.Handler):
    """Keeps what is logged, and whose request it was."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[tuple[logging.LogRecord, tuple[str, ...]]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append((record, seen()))


@pytest.fixture
def kept() -> Iterator[Kept]:
    handler = Kept()
    logger = logging.getLogger("uncork")
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


def fails_at_once(_environ: dict[str, object], _start: Start) -> Iterable[bytes]:
    raise LookupError("no goods")


def fails_midway(_environ: dict[str, object], start: Start) -> Iterable[bytes]:
    start("200 OK", [])
    yield b"one"
    raise LookupError("no goods")


def fails_at_the_end(_environ: dict[str, object], start: Start) -> Iterable[bytes]:
    start("200 OK", [])
    try:
        yield b"one"
        yield b"two"
    finally:
        raise LookupError("no goods")


@pytest.mark.parametrize("app", [fails_at_once, fails_midway, fails_at_the_end])
def test_what_the_app_does_not_catch_is_logged_with_its_request_and_raised_again(kept: Kept, app: App) -> None:
    with pytest.raises(LookupError):
        Asked(known(app))
    ((record, about),) = kept.records
    assert record.getMessage() == "the app raised LookupError"
    assert record.exc_info is not None
    assert about[0] == "8f3a8f3a8f3a"


def test_a_release_answers_for_what_its_app_does_not_catch(kept: Kept) -> None:
    asked = Asked(known(fails_at_once, 12))
    assert (asked.status, asked.body) == ("500 Internal Server Error", b"Internal Server Error\n")
    assert asked.header("X-Uncork-Route") == ["12"]
    assert [record.getMessage() for record, _ in kept.records] == ["the app raised LookupError"]
    assert seen() == ()


def test_what_an_app_does_not_catch_once_it_answers_is_raised_again(kept: Kept) -> None:
    def begins(_environ: dict[str, object], start: Start) -> Iterable[bytes]:
        start("200 OK", [])
        raise LookupError("no goods")

    with pytest.raises(LookupError):
        Asked(known(begins, 12))
    assert len(kept.records) == 1


def excuses_itself(_environ: dict[str, object], start: Start) -> Iterable[bytes]:
    try:
        fails_at_once({}, start)
    except LookupError:
        start("500 Sorry", [], sys.exc_info())
    return [b"sorry"]


def test_what_an_app_tells_the_server_that_it_caught_is_logged(kept: Kept) -> None:
    assert Asked(known(excuses_itself, 12)).body == b"sorry"
    assert [record.getMessage() for record, _ in kept.records] == ["the app raised LookupError"]


def test_servers_are_told_of_it_but_for_uwsgi_which_would_answer_nothing() -> None:
    told: list[object] = []

    def start(_status: str, _headers: object, exc_info: Sequence[object] = (None,)) -> None:
        told.append(exc_info[0])

    known(excuses_itself, 12)(dict(ENVIRON), start)
    known(excuses_itself, 12)({**ENVIRON, "uwsgi.version": b"2.0.31"}, start)
    assert told == [LookupError, None]


def test_an_app_that_disables_the_loggers_that_are_there_hears_of_what_it_does_not_catch(kept: Kept) -> None:
    dictConfig({"version": 1})
    Asked(known(fails_at_once, 12))
    assert [record.getMessage() for record, _ in kept.records] == ["the app raised LookupError"]


def test_what_ends_the_process_is_never_kept_from_it() -> None:
    def leaves(_environ: dict[str, object], _start: Start) -> Iterable[bytes]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Asked(known(leaves, 12))
    assert seen() == ()


def test_the_end_of_a_websocket_is_no_error(kept: Kept) -> None:
    def hung_up(_environ: dict[str, object], _start: Start) -> Iterable[bytes]:
        raise StopIteration

    with pytest.raises(StopIteration):
        Asked(known(hung_up, release=12), HTTP_UPGRADE="websocket")
    assert not kept.records
    assert Asked(known(hung_up, release=12)).status.startswith("500")


def test_an_app_that_calls_sys_exit_ends_the_request_and_not_the_worker(kept: Kept) -> None:
    def leaves(_environ: dict[str, object], _start: Start) -> Iterable[bytes]:
        sys.exit(3)

    assert Asked(known(leaves, 12)).status == "500 Internal Server Error"
    assert [record.getMessage() for record, _ in kept.records] == ["the app raised SystemExit"]
