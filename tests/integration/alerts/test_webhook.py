"""A webhook: what it is sent, and what becomes of its refusals."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import BaseRequestHandler
from threading import Thread
from time import sleep

import pytest

from tests.e2e.state import free_port
from tests.integration.alerts.conftest import Shop
from tests.integration.alerts.servers import Authority, listener
from uncork.alerts.senders.sender import Misconfigured, Postponed, Refused, SenderError
from uncork.alerts.senders.webhook import Webhook
from uncork.alerts.settings import Settings
from uncork.notices import Message

MESSAGE = Message("it broke", "all of it")


@dataclass
class Hook:
    """A server that takes what is posted, or refuses it."""

    status: int = 200
    paths: list[str] = field(default_factory=list)
    bodies: list[dict[str, object]] = field(default_factory=list)
    port: int = 0


@pytest.fixture
def hook() -> Iterator[Hook]:
    found = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.paths.append(self.path)
            found.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(found.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    found.port = server.server_port
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


def refused(url: str, kind: type[SenderError], seconds: float = 30.0) -> SenderError:
    with pytest.raises(kind) as raised:
        Webhook(Settings(webhook=url), seconds).send(MESSAGE, "one", 0.0)
    assert raised.type is kind
    return raised.value


def test_errors_are_posted_as_json(shop: Shop, hook: Hook) -> None:
    shop.mailed_by(0, server=None, admins=None, webhook=f"http://localhost:{hook.port}/hook/é?key=1").spool()

    assert shop.run() is None

    assert hook.paths == ["/hook/%C3%A9?key=1"]
    (body,) = hook.bodies
    assert (body["kind"], body["subject"]) == (
        "error",
        "[shop] ZeroDivisionError: division by zero (shop/views.py:41 in buy)",
    )
    assert "> shop/views.py:41 in buy" in str(body["text"])


def test_what_a_webhook_could_not_take_is_posted_again(shop: Shop, hook: Hook) -> None:
    hook.status = 503
    shop.mailed_by(0, server=None, admins=None, webhook=f"http://localhost:{hook.port}/").spool()
    trouble = shop.run()
    assert trouble
    assert trouble.problem == f"localhost:{hook.port} answered 503"

    hook.status = 204
    assert shop.run(30.0) is None

    assert [body["id"] for body in hook.bodies] == [hook.bodies[0]["id"]] * 2


@pytest.mark.parametrize(
    ("status", "kind"), [(500, Postponed), (429, Postponed), (404, Misconfigured), (302, Misconfigured), (400, Refused)]
)
def test_answers_mean_what_they_say(hook: Hook, status: int, kind: type[SenderError]) -> None:
    hook.status = status
    assert refused(f"http://localhost:{hook.port}/", kind).problem == f"localhost:{hook.port} answered {status}"


@pytest.mark.parametrize("url", ["ftp://example.com/", "http://[", "nonsense", "http:///path", "http://a:x/"])
def test_what_is_no_address_is_told(url: str) -> None:
    assert "the webhook's address" in refused(url, Misconfigured).problem


def silent(handler: BaseRequestHandler) -> None:
    while handler.request.recv(1024):
        pass


def dripping(handler: BaseRequestHandler) -> None:
    try:
        while True:
            handler.request.sendall(b"H")
            sleep(0.03)
    except OSError:
        return


@pytest.mark.parametrize("speak", [silent, dripping])
def test_a_webhook_that_does_not_come_to_the_point_is_left_at_the_deadline(
    speak: Callable[[BaseRequestHandler], None],
) -> None:
    with listener(speak) as port:
        problem = refused(f"http://localhost:{port}/?secret", Postponed, 0.3).problem
    assert problem == f"localhost:{port} did not answer within 0.3 s"


def test_what_does_not_speak_http_is_told() -> None:
    def speak_smtp(handler: BaseRequestHandler) -> None:
        handler.request.recv(4096)
        handler.request.sendall(b"220 hello\r\n")

    with listener(speak_smtp) as port:
        assert refused(f"http://localhost:{port}/", Postponed).problem == f"localhost:{port} does not speak HTTP"


def test_a_webhook_that_is_away_or_a_stranger_is_told(authority: Authority) -> None:
    port = free_port()
    assert "nothing answers there" in refused(f"http://localhost:{port}/", Postponed).problem
    context = authority.context()

    def greet(handler: BaseRequestHandler) -> None:
        try:
            context.wrap_socket(handler.request, server_side=True)
        except OSError:
            return

    with listener(greet) as port:
        problem = refused(f"https://localhost:{port}/", Misconfigured).problem
    assert "from an authority that this machine does not know" in problem
