"""What servers call: the app at its mount, and the two endpoints beside it."""

import ast
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from wsgiref.util import setup_testing_defaults

import pytest

import uncork_runtime
from uncork_runtime import health, wsgi

Environ = dict[str, object]


class Recorder:
    """An app that remembers the environ it was called with."""

    def __init__(self) -> None:
        self.environ: Environ = {}

    def __call__(self, environ: Environ, start_response: object) -> Iterable[bytes]:
        self.environ = environ
        start_response("200 OK", [])  # type: ignore[operator]
        return [b"the app"]


def ask(application: object, path: str, **more: str) -> tuple[str, str, Environ]:
    environ: Environ = {"PATH_INFO": path, **more}
    setup_testing_defaults(environ)
    statuses: list[str] = []
    body = application(environ, lambda status, _headers: statuses.append(status))  # type: ignore[operator]
    return statuses[0], b"".join(body).decode(), environ


@pytest.fixture
def app() -> Recorder:
    return Recorder()


@pytest.fixture
def draining() -> Iterator[None]:
    health.draining.set()
    yield
    health.draining.clear()


@pytest.mark.parametrize("mount", ["/", "/shop"])
def test_the_endpoints_answer_without_the_app(app: Recorder, mount: str) -> None:
    application = wsgi.serve(app, mount)
    base = mount.rstrip("/")
    assert ask(application, f"{base}/_uncork/live")[:2] == ("200 OK", "alive\n")
    assert ask(application, f"{base}/_uncork/ready")[:2] == ("200 OK", "ready\n")
    assert app.environ == {}


@pytest.mark.usefixtures("draining")
def test_a_process_that_drains_is_alive_but_not_ready(app: Recorder) -> None:
    application = wsgi.serve(app)
    assert ask(application, "/_uncork/ready")[0] == "503 Service Unavailable"
    assert ask(application, "/_uncork/live")[0] == "200 OK"


def test_at_the_root_the_app_gets_the_very_environ_of_the_server(app: Recorder) -> None:
    _, body, environ = ask(wsgi.serve(app), "/entries", SCRIPT_NAME="")
    assert body == "the app"
    assert app.environ is environ
    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == ("", "/entries")


@pytest.mark.parametrize(
    ("path", "rest"),
    [("/shop", ""), ("/shop/", "/"), ("/shop/a/b", "/a/b"), ("/shop/shop/a", "/shop/a"), ("/shop//a", "//a")],
)
def test_a_mount_moves_to_script_name(app: Recorder, path: str, rest: str) -> None:
    assert ask(wsgi.serve(app, "/shop"), path, SCRIPT_NAME="/outer")[1] == "the app"
    assert (app.environ["SCRIPT_NAME"], app.environ["PATH_INFO"]) == ("/outer/shop", rest)


@pytest.mark.parametrize("path", ["/", "", "/shopping", "/sho", "/a/shop", "/_uncork/live", "/_uncork/ready"])
def test_what_lies_outside_the_mount_is_not_found(app: Recorder, path: str) -> None:
    application = wsgi.serve(app, "/shop")
    environ: Environ = {"PATH_INFO": path}
    statuses: list[str] = []
    application(environ, lambda status, _headers: statuses.append(status))  # type: ignore[arg-type, return-value]
    assert statuses == ["404 Not Found"]
    assert app.environ == {}


def test_a_mount_that_is_not_ascii_is_met_as_wsgi_spells_it(app: Recorder) -> None:
    path = "/lädle/a".encode().decode("latin-1")
    assert ask(wsgi.serve(app, "/lädle"), path)[1] == "the app"
    assert app.environ["PATH_INFO"] == "/a"


@pytest.mark.parametrize("file", sorted(Path(uncork_runtime.__file__).parent.glob("*.py")), ids=lambda file: file.name)
def test_the_runtime_imports_the_standard_library_alone(file: Path) -> None:
    tree = ast.parse(file.read_text(), feature_version=(3, 9))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    # What is for type checkers only, and Flask, which an app that is a Flask app has imported before.
    allowed = {*sys.stdlib_module_names, "_typeshed", "flask", "uncork_runtime", "werkzeug"}
    assert {name.partition(".")[0] for name in names} <= allowed


def test_a_worker_that_has_grown_too_large_asks_to_be_replaced_but_not_at_every_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[tuple[int, int]] = []
    times = iter([10.0, 10.0, 10.5, 10.9, 11.1, 11.1])
    monkeypatch.setattr(wsgi.os, "kill", lambda *said: sent.append(said))
    monkeypatch.setattr(wsgi.time, "monotonic", lambda: next(times))
    served = wsgi.serve(lambda *_: [b"served"], worker_memory=1)
    answers = [served({"PATH_INFO": "/"}, lambda *_: None) for _ in range(4)]
    assert sent == 2 * [(os.getpid(), signal.SIGHUP)]
    assert answers == 4 * [[b"served"]]


def test_a_worker_within_its_bound_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wsgi.os, "kill", lambda *said: pytest.fail(f"killed: {said}"))
    served = wsgi.serve(lambda *_: [b"served"], worker_memory=2**50)
    served({"PATH_INFO": "/"}, lambda *_: None)


ALONE = wsgi.Server(alone=True)


def test_with_no_front_what_a_visitor_says_of_proxies_is_nobody_s_word(app: Recorder) -> None:
    said = {"HTTP_X_FORWARDED_FOR": "1.2.3.4", "HTTP_PROXY": "http://evil", "HTTP_COOKIE": "a=b"}
    ask(wsgi.serve(app, under=ALONE), "/", UWSGI_ROUTER="http", **said)
    assert app.environ.get("HTTP_COOKIE") == "a=b"
    assert not {"HTTP_X_FORWARDED_FOR", "HTTP_PROXY"} & app.environ.keys()


@pytest.mark.parametrize("mount", ["/", "/shop"])
def test_with_no_front_the_endpoints_are_uncork_s_alone(app: Recorder, mount: str) -> None:
    served = wsgi.serve(app, mount, under=ALONE)
    path = f"{mount.rstrip('/')}/_uncork/ready"
    assert ask(served, path)[0] == "200 OK"
    assert ask(served, path, UWSGI_ROUTER="http")[0] == "404 Not Found"


def test_with_no_front_a_body_that_would_be_left_out_is_refused(app: Recorder) -> None:
    served = wsgi.serve(app, under=ALONE)
    assert ask(served, "/", UWSGI_ROUTER="http", HTTP_TRANSFER_ENCODING="chunked")[0] == "411 Length Required"


@pytest.mark.parametrize(
    "field",
    [
        {"HTTP_HOST": "a, b"},
        {"HTTP_HOST": "local\0host"},
        {"HTTP_HOST": ""},
        {"CONTENT_LENGTH": "5, 6"},
        {"CONTENT_LENGTH": "-5"},
        {"CONTENT_LENGTH": "+5"},
    ],
)
def test_with_no_front_a_request_that_any_front_would_refuse_is_refused(app: Recorder, field: dict[str, str]) -> None:
    said = {"HTTP_HOST": "shop.example:8000", "CONTENT_LENGTH": "5", "UWSGI_ROUTER": "http"}
    served = wsgi.serve(app, under=ALONE)
    assert ask(served, "/", **said)[0] == "200 OK"
    assert ask(served, "/", **{**said, **field})[0] == "400 Bad Request"


def test_with_no_front_visitors_are_not_told_of_the_release(app: Recorder) -> None:
    told: list[str] = []

    def start(_status: str, headers: list[tuple[str, str]]) -> None:
        told.extend(name for name, _ in headers)

    for under in (ALONE, wsgi.Server()):
        environ: Environ = {"PATH_INFO": "/"}
        setup_testing_defaults(environ)
        wsgi.serve(app, release=7, under=under)(environ, start)
    assert told.count("X-Uncork-Route") == 1
